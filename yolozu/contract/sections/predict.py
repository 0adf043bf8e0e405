"""Prediction: what predicts, from which pictures, how often, and whether the network adapts to them."""

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, NonNegativeInt, PositiveFloat, PositiveInt, WithJsonSchema, model_validator

from yolozu.contract.adapters import require_known_adapter
from yolozu.contract.base import Conflict, FilePath, Form, Location, Section
from yolozu.data.corruption.registry import CORRUPTIONS
from yolozu.predict.adapters.registry import ADAPTERS
from yolozu.predict.ttt.registry import TTT_METHODS

if TYPE_CHECKING:
    CorruptionKind = str
    TttMethod = str
else:
    CorruptionKind = Literal[tuple(CORRUPTIONS)]
    TttMethod = Literal[tuple(TTT_METHODS)]

AdapterName = Annotated[
    str,
    AfterValidator(require_known_adapter),
    Form(f"{', '.join(ADAPTERS)}, or the adapter of an installed package", offers=tuple(ADAPTERS)),
    WithJsonSchema({"anyOf": [{"enum": list(ADAPTERS)}, {"type": "string", "minLength": 1}]}),
]
ViewScales = Annotated[
    tuple[Annotated[float, Field(ge=0.25, le=4.0)], ...],
    Field(min_length=1, max_length=9),
    Form("a list of 1 to 9 numbers from 0.25 to 4"),
]
ViewTurns = Annotated[
    tuple[Annotated[float, Field(ge=-180.0, le=180.0)], ...],
    Field(min_length=1, max_length=9),
    Form("a list of 1 to 9 numbers from -180 to 180"),
]
InferencePrecision = Literal["fp32", "bf16", "fp16"]
UpdateFilter = Literal["all", "norm_only", "adapter_only"]


class PredictSection(Section):
    """Predictions on `predict_split`."""

    adapter: AdapterName = "onnxruntime"
    """What predicts: the checkpoint (torch), the exported file (ONNX Runtime, or OpenVINO with the extra
    `yolozu[openvino]`), a given file, nothing (dummy), or an adapter that an installed package offers."""

    inference_precision: InferencePrecision = "fp32"
    """Precision that the adapter computes in; one that the adapter or the processor does not have is refused, not
    replaced. OpenVINO has bf16 where the processor does; all others compute in fp32. The whole numbers of a quantized
    file stay whole."""

    predictions: Annotated[str | None, FilePath(), Location()] = Field(default=None, min_length=1)
    """Predictions file that `adapter: precomputed` serves, or the adapter of a package reads."""

    score_threshold: float = Field(default=0.001, ge=0.0, le=1.0)
    """Detections below this score are left out. Validation while training always keeps those from 0.001: which
    checkpoint is best does not depend on what is evaluated later, and this key never trains anew."""

    max_detections: int = Field(default=300, ge=1, le=3000)
    """Most detections kept per image. Validation while training always keeps 300, see `score_threshold`."""

    max_images: PositiveInt | None = None
    """Predict and evaluate only the first so many images (in order of path); null means all."""


VALIDATED = PredictSection()
"""What validation while training keeps of each image, whatever the contract predicts with: its choice of the best
checkpoint belongs to the training, which keys of predictions may not make stale."""


class CorruptionSection(Section):
    """What is done to the pictures before they are predicted."""

    corruption: CorruptionKind | None = None
    """Corruption of every image that is predicted, as in Hendrycks & Dietterich, Benchmarking Neural Network
    Robustness, ICLR 2019; null leaves them as they are."""

    corruption_severity: int = Field(default=3, ge=1, le=5)
    """How strong it is; 5 is the strongest."""

    corruption_seed: NonNegativeInt = 0
    """Seed of what is random about it; the same seed corrupts the same image the same way."""


class TtaSection(Section):
    """Test-time augmentation."""

    tta: bool = False
    """Whether finished predictions are mirrored, or several views of every image are fused, see `tta_mode`."""

    tta_mode: Literal["prediction", "model"] = "prediction"
    """`prediction` mirrors finished predictions of some images, boxes and poses consistently: the network does not run
    again and nothing becomes more accurate, it shows whether what consumes predictions is consistent. `model` runs the
    network on several views of every image and fuses what it finds."""

    tta_seed: NonNegativeInt = 0
    """Seed of which images `prediction` mirrors; the same seed decides the same way about the same image."""

    tta_flip_prob: float = Field(default=0.5, ge=0.0, le=1.0)
    """Probability that `prediction` mirrors an image."""

    tta_scales: ViewScales = (1.0,)
    """Scales of the picture that `model` looks at; 1 is the network's own, and must be among them. Above 1 needs
    `adapter: rtdetr_pose` or `onnx_dynamic_hw: true`, an exported network has one input size else."""

    tta_rotations_deg: ViewTurns = (0.0, -5.0, 5.0)
    """Turns of the picture about the optical axis that `model` looks at, degrees, from +x toward +y; 0 must be among
    them. Every scale is looked at in every turn."""

    tta_flip: bool = False
    """Whether `model` looks at every view mirrored, too: for boxes and scores, a mirrored picture has no poses."""

    tta_iou: float = Field(default=0.55, gt=0.0, le=1.0)
    """Overlap (intersection over union) from which detections of one class in several views are one object."""

    @property
    def mirrors(self) -> bool:
        """Whether finished predictions are mirrored."""
        return self.tta and self.tta_mode == "prediction"

    @property
    def looks_again(self) -> bool:
        """Whether the network sees several views of every picture."""
        return self.tta and self.tta_mode == "model"

    @model_validator(mode="after")
    def _own_view_is_among_them(self) -> Self:
        for key, own in (("tta_scales", 1.0), ("tta_rotations_deg", 0.0)):
            views = getattr(self, key)
            if own not in views:
                raise Conflict(
                    key,
                    problem=f"{own:g}, the network's own view, is not among {_listed(views)}",
                    fix=f"add {own:g}: other views are fused with it",
                )
            if len(set(views)) < len(views):
                raise Conflict(key, problem=f"a view stands twice in {_listed(views)}", fix="name every view once")
        return self


class TttSection(Section):
    """Test-time training: the network adapts to the pictures it predicts, without labels."""

    ttt: bool = False
    """Adapt before predicting."""

    ttt_preset: Literal["safe", "adapter_only", "mim_safe"] | None = None
    """Method, what adapts and limits in one word; keys that are given stay as given."""

    ttt_method: TttMethod | None = None
    """What is minimized; null takes the preset's, or tent."""

    ttt_update_filter: UpdateFilter | None = None
    """Parameters that adapt: all, scale and shift of normalization layers, or LoRA adapters (fresh ones where the
    model has none); null takes the preset's, or norm_only."""

    ttt_include: tuple[str, ...] = ()
    """Glob patterns of parameter names; with any, only matching ones adapt."""

    ttt_exclude: tuple[str, ...] = ()
    """Glob patterns of parameter names that do not adapt."""

    ttt_reset: Literal["sample", "stream"] = "sample"
    """`sample` restores the network after each image; `stream` keeps adapting."""

    ttt_steps: NonNegativeInt = 1
    """Optimizer steps per adaptation batch; with 0 only the statistics of BatchNorm layers move."""

    ttt_batch_size: PositiveInt = 1
    """Images of an adaptation batch, with `stream`."""

    ttt_max_batches: PositiveInt | None = None
    """Most adaptation batches, with `stream`; later images are predicted with what was learned."""

    ttt_lr: PositiveFloat | None = None
    """Learning rate of Adam; null takes the method's own."""

    ttt_norm_weight: float | None = Field(default=None, ge=0.0, le=1.0)
    """Weight of one picture's statistics against the trained ones in BatchNorm layers; pictures add up until the next
    reset. 0 keeps the trained ones; null takes the method's own."""

    ttt_seed: NonNegativeInt = 0
    """Seed of masks and fresh adapters."""

    ttt_stop_on_non_finite: bool = True
    """Whether a loss or gradient that is no finite number ends adaptation; such a step is undone in any case."""

    ttt_rollback_on_stop: bool = True
    """Whether the step that breaks a limit is undone, bit for bit, when it ends adaptation."""

    ttt_max_grad_norm: PositiveFloat | None = None
    """Largest norm of the gradient; null takes the preset's, or none."""

    ttt_max_update_norm: PositiveFloat | None = None
    """Largest norm of what one step changes; null takes the preset's, or none."""

    ttt_max_total_update_norm: PositiveFloat | None = None
    """Largest norm of what all steps since the last reset change; null takes the preset's, or none."""

    ttt_max_loss_ratio: PositiveFloat | None = None
    """Largest loss relative to the first since the last reset; null takes the preset's, or none."""

    ttt_max_loss_increase: PositiveFloat | None = None
    """Largest rise of the loss above the first since the last reset; null sets no limit."""

    ttt_mim_mask_prob: float | None = Field(default=None, gt=0.0, lt=1.0)
    """Share of patches that `mim` masks; null masks as in training."""


def _listed(numbers: tuple[float, ...]) -> str:
    return f"[{', '.join(format(number, 'g') for number in numbers)}]"
