"""The training loop."""

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveInt,
    model_validator,
)

from yolozu.contract.base import Conflict, Form, Location, Section
from yolozu.contract.sections.evaluate import COCO_METRICS
from yolozu.evaluation.pose.registry import QUICK_RECALLS

if TYPE_CHECKING:
    BestMetric = str
else:
    BestMetric = Literal[("auto", *COCO_METRICS, *QUICK_RECALLS)]


class SeedSection(Section):
    """Randomness."""

    seed: NonNegativeInt = 0
    """Seed of weights, order, augmentation and denoising. The same seed on the same machine gives the same bits."""


class DeviceSection(Section):
    """Where tensors live."""

    device: Annotated[str, Field(pattern=r"^(cpu|cuda(:\d+)?)$"), Form("cpu, cuda or cuda:N"), Location()] = "cpu"
    """`cpu`, `cuda` or `cuda:N`. Another device makes nothing stale: what is built stays, what was stopped goes on."""


class LoopSection(Section):
    """Batches, precision, averaging, validation and stopping."""

    batch_size: PositiveInt = 16
    """Images per batch; with `ddp` over all processes together."""

    ddp: bool = False
    """Train on several processes, started by torchrun: each takes its part of every batch. The result is that of one
    process, up to the order of sums, unless a norm is `bn`: then each process has statistics of its own part."""

    amp: Literal["none", "bf16", "fp16"] = "none"
    """Mixed precision: bf16 (CPU and CUDA) or fp16 with loss scaling (CUDA only)."""

    use_ema: bool = False
    """Keep an exponential moving average of weights and buffers."""

    ema_decay: float = Field(default=0.999, ge=0.0, lt=1.0)
    """Decay of the average per optimizer step; early steps use min(decay, (1 + n) / (10 + n))."""

    ema_eval: bool = False
    """Validate, export and predict with the average instead of the raw weights; needs `use_ema`."""

    val_every: PositiveInt = 1
    """Validate after every so many epochs, and always at the end."""

    val_every_steps: PositiveInt | None = None
    """Also validate after every so many optimizer steps."""

    best_metric: BestMetric = "auto"
    """What of a validation chooses `best.pt` and stops early. `auto` is map50_95; with held-out poses it is the mean of
    map50_95 and add_s_01d, the recall of ADD(-S) within a tenth of the diameter; where no class has a model, that of
    map50_95 and within_5deg_5cm. A training that an earlier release began goes on with map50_95."""

    early_stop_patience: NonNegativeInt = 0
    """Validations without a better `best_metric` before training stops; 0 never stops early."""

    early_stop_min_delta: NonNegativeFloat = 0.0
    """How much better counts as better for early stopping."""

    stop_on_non_finite_loss: bool = True
    """Stop at the first loss or gradient that is no finite number; false skips the step, which then moves nothing."""

    non_finite_max_skips: NonNegativeInt = 3
    """Steps in a row that may be skipped because of a non-finite loss or gradient; one more stops training."""

    non_finite_lr_decay: float = Field(default=0.5, gt=0.0, le=1.0)
    """Factor on all later learning rates for every step that is skipped; 1 leaves them as they are."""

    stage_off_steps: NonNegativeInt = 0
    """Optimizer steps at the beginning in which only the offset head learns; everything else stays as it is, statistics
    of norms too."""

    stage_k_steps: NonNegativeInt = 0
    """Optimizer steps after those in which only the intrinsics head learns."""

    deterministic: bool | None = None
    """Hold torch to deterministic algorithms; null is on for a CPU, where it costs nothing, and off for CUDA."""

    torch_compile: bool = False
    """Compile backbone, projectors and encoder for training steps: minutes for every size of batches and images that
    comes up, the last, short batch too. Needs a C++ compiler."""

    winograd: bool = False
    """Compute the wide 3x3 convolutions of training steps by Winograd's F(4x4, 3x3): faster on a CPU with `amp: none`,
    for more memory and roundings of 1e-5 instead of 1e-6. Predictions, validation and export stay as they are."""

    def is_deterministic_on(self, device: str) -> bool:
        """What `deterministic` means on a device (``cpu``, ``cuda:0``)."""
        return device == "cpu" if self.deterministic is None else self.deterministic

    @model_validator(mode="after")
    def _ema_eval_needs_ema(self) -> Self:
        if self.ema_eval and not self.use_ema:
            raise Conflict(
                "ema_eval",
                "use_ema",
                problem="ema_eval has no average to use without use_ema",
                fix="set use_ema: true or drop ema_eval",
            )
        return self


class MimSection(Section):
    """Masked image modelling: a second task of training, whose head `ttt_method: mim` adapts with."""

    enable_mim: bool = False
    """Also learn to paint patches of the picture that are hidden (SimMIM, Xie et al., CVPR 2022)."""

    mim_mask_prob: float = Field(default=0.6, gt=0.0, lt=1.0)
    """Share of an image's patches that are hidden; at least one is."""

    mim_patch_size: Literal[8, 16, 32] = 16
    """Side of a patch in px of the network input: a multiple of the finest feature map's stride that divides every
    size of images."""
