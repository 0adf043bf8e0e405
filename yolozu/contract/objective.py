"""What training minimizes: the assignment of queries to objects, and the losses on the assigned."""

from typing import Literal, Self

from pydantic import NonNegativeFloat, NonNegativeInt, model_validator

from yolozu.contract.base import Conflict, Section


class MatchingSection(Section):
    """Costs of the assignment of queries to objects."""

    use_matcher: bool = True
    """Hungarian matching; false pairs object i with query i (for debugging)."""

    cost_class: NonNegativeFloat = 2.0
    """Weight of the focal classification cost."""

    cost_bbox: NonNegativeFloat = 5.0
    """Weight of the L1 box cost."""

    cost_giou: NonNegativeFloat = 2.0
    """Weight of the generalized IoU cost."""

    cost_z: NonNegativeFloat = 0.0
    """Weight of the absolute difference of log depths."""

    cost_rot: NonNegativeFloat = 0.0
    """Weight of the angle between rotations in radians, the smallest over the class's symmetries."""

    cost_t: NonNegativeFloat = 0.0
    """Weight of the L1 distance of translations in metres."""

    cost_z_start_step: NonNegativeInt = 0
    """Optimizer step from which `cost_z` counts."""

    cost_rot_start_step: NonNegativeInt = 0
    """Optimizer step from which `cost_rot` counts."""

    cost_t_start_step: NonNegativeInt = 0
    """Optimizer step from which `cost_t` counts."""

    @model_validator(mode="after")
    def _matching_needs_a_cost(self) -> Self:
        if self.use_matcher and self.cost_class == self.cost_bbox == self.cost_giou == 0.0:
            raise Conflict(
                "cost_class",
                "cost_bbox",
                "cost_giou",
                problem="all matching costs are 0",
                fix="raise one of them, or set use_matcher: false",
            )
        return self


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
