"""The architecture as a training has decided it: the user's, and what other keys add to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, PositiveInt

from yolozu.contract.base import Section
from yolozu.contract.sections.model import ModelConfig

if TYPE_CHECKING:
    from yolozu.contract.sections.train import MimSection


LETTERBOX = (114 / 255, 114 / 255, 114 / 255)
"""Color of the letterbox border, where a contract names no other, in the units of the network input."""


class ReconstructionConfig(Section):
    """The head that paints hidden patches, and how they were hidden when it learned."""

    mask_prob: float = Field(gt=0.0, lt=1.0)
    """Share of an image's patches that are hidden."""

    patch_size: PositiveInt
    """Side of a patch, px of the network input."""

    fill: tuple[float, float, float] = LETTERBOX
    """Color of what is hidden, in the units of the network input."""


class TrainedModelConfig(ModelConfig):
    """What checkpoints say of their detector; `ModelConfig` is this without additions."""

    reconstruction: ReconstructionConfig | None = None
    """The reconstruction head; null where there is none."""


def with_additions(
    config: ModelConfig, mim: MimSection, *, fill: tuple[float, float, float] = LETTERBOX
) -> ModelConfig:
    """The architecture with what other keys of the contract add; ``config`` itself where they add nothing.

    Args:
        config: the architecture.
        mim: masked image modelling.
        fill: color of the letterbox border, in the units of the network input.
    """
    if not mim.enable_mim:
        return config
    reconstruction = ReconstructionConfig(mask_prob=mim.mim_mask_prob, patch_size=mim.mim_patch_size, fill=fill)
    return TrainedModelConfig(**dict(config), reconstruction=reconstruction)
