"""What training minimizes."""

from typing import Literal, Self

from pydantic import NonNegativeFloat, model_validator

from yolozu.contract.base import Conflict, Section


class LossWeights(Section):
    """Factor on each loss; 0 turns it off."""

    vfl: NonNegativeFloat = 1.0
    """Varifocal classification loss."""

    bbox: NonNegativeFloat = 5.0
    """L1 of boxes."""

    giou: NonNegativeFloat = 2.0
    """Generalized IoU loss."""

    log_z: NonNegativeFloat = 5.0
    """Absolute difference of log depths."""

    rot: NonNegativeFloat = 3.0
    """Angle between rotations in radians, the smallest over the class's symmetries."""

    offsets: NonNegativeFloat = 5.0
    """L1 of the offset from the box's center to the model's origin, relative to the network input's sides."""

    k: NonNegativeFloat = 1.0
    """L1 of the intrinsics correction: focal lengths relative, the principal point relative to the input's sides."""

    t: NonNegativeFloat = 1.0
    """L1 of the translation in metres."""

    mim: NonNegativeFloat = 100.0
    """L1 of hidden pixels, with `enable_mim`; on a scale of 0 to 1 it is a few hundredths, hence the size."""


class LossSection(Section):
    """Losses."""

    loss_weights: LossWeights = LossWeights()
    """Factor on each loss."""

    task_aligner: Literal["none", "uncertainty"] = "none"
    """With `uncertainty`, depth and rotation losses L become `exp(-s) L + s`, s being the logarithm of the error that
    the network expects of itself; needs `model.use_uncertainty`."""

    @model_validator(mode="after")
    def _training_needs_a_loss(self) -> Self:
        if not any(self.loss_weights.model_dump(exclude={"mim"}).values()):
            raise Conflict("loss_weights", problem="all loss weights of detection are 0", fix="raise one of them")
        return self
