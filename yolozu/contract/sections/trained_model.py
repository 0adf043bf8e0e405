"""The architecture as a training has decided it: the user's, and what other keys add to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, PositiveFloat, PositiveInt

from yolozu.contract.base import Section
from yolozu.contract.sections.lora import LoraSection, LoraTarget, QuantizationScheme, TrainedBias
from yolozu.contract.sections.model import ModelConfig

if TYPE_CHECKING:
    from yolozu.contract.sections.train import MimSection


LETTERBOX = (114 / 255, 114 / 255, 114 / 255)
"""Color of the letterbox border, where a contract names no other, in the units of the network input."""


NO_ADAPTERS = LoraSection()
"""What a contract says that asks for none."""


class ReconstructionConfig(Section):
    """The head that paints hidden patches, and how they were hidden when it learned."""

    mask_prob: float = Field(gt=0.0, lt=1.0)
    """Share of an image's patches that are hidden."""

    patch_size: PositiveInt
    """Side of a patch, px of the network input."""

    fill: tuple[float, float, float] = LETTERBOX
    """Color of what is hidden, in the units of the network input."""


class LoraConfig(Section):
    """Adapters beside layers of the detector."""

    rank: PositiveInt
    """Of every adapter."""

    alpha: PositiveFloat
    """An adapter's part is scaled by alpha / rank."""

    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Share of an adapter's input that is dropped when training."""

    target: LoraTarget
    """Which layers have one."""

    bias: TrainedBias = "none"
    """Whether biases beside them were trained as well, so that they belong to what was learned."""

    @property
    def scale(self) -> float:
        """Factor on an adapter's part."""
        return self.alpha / self.rank


class TrainedModelConfig(ModelConfig):
    """What checkpoints say of their detector; `ModelConfig` is this without additions."""

    reconstruction: ReconstructionConfig | None = None
    """The reconstruction head; null where there is none."""

    lora: LoraConfig | None = None
    """Its adapters; null where it has none."""

    quantization: QuantizationScheme | None = None
    """How the weights of its linear layers are quantized; null where they are whole."""


def with_additions(
    config: ModelConfig,
    mim: MimSection,
    lora: LoraSection = NO_ADAPTERS,
    *,
    fill: tuple[float, float, float] = LETTERBOX,
) -> ModelConfig:
    """The architecture with what other keys of the contract add; ``config`` itself where they add nothing.

    Args:
        config: the architecture.
        mim: masked image modelling.
        lora: adapters.
        fill: color of the letterbox border, in the units of the network input.
    """
    reconstruction, adapters = None, None
    if mim.enable_mim:
        reconstruction = ReconstructionConfig(mask_prob=mim.mim_mask_prob, patch_size=mim.mim_patch_size, fill=fill)
    if lora.lora_r > 0:
        adapters = LoraConfig(
            rank=lora.lora_r,
            alpha=float(lora.lora_r) if lora.lora_alpha is None else lora.lora_alpha,
            dropout=lora.lora_dropout,
            target=lora.lora_target,
            bias=lora.lora_train_bias,
        )
    if reconstruction is None and adapters is None:
        return config
    return TrainedModelConfig(**dict(config), reconstruction=reconstruction, lora=adapters)
