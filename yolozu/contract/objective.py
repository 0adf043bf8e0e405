"""What training minimizes: the assignment of queries to objects, and the losses on the assigned."""

from typing import Self

from pydantic import NonNegativeFloat, model_validator

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


class LossSection(Section):
    """Losses."""

    loss_weights: LossWeights = LossWeights()
    """Factor on each loss."""

    @model_validator(mode="after")
    def _training_needs_a_loss(self) -> Self:
        if not any(self.loss_weights.model_dump().values()):
            raise Conflict("loss_weights", problem="all loss weights are 0", fix="raise one of them")
        return self
