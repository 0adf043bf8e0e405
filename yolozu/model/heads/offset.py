"""Where a query's object has its origin, relative to its box."""

from __future__ import annotations

from torch import Tensor

from yolozu.model.heads.base import HeadSizes, PoseHead
from yolozu.model.input_sides import input_sides


class OffsetHead(PoseHead):
    """``offsets``: px of the network input from the box's center to where the model's origin appears.

    Learned in units of the box's sides, so that near and far objects are alike; 0 before training.
    """

    def __init__(self, sizes: HeadSizes) -> None:
        super().__init__(sizes, 2)
        self.start_at(0.0, 0.0)

    def interpreted(self, values: Tensor, boxes_4: Tensor, size: tuple[int, int]) -> Tensor:
        """(..., 2) px."""
        return values * boxes_4[..., 2:].float() * input_sides(values, size)
