"""How queries are assigned to objects."""

from typing import Self

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
