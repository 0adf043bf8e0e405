"""Depth of a query's object."""

from __future__ import annotations

import math

from torch import Tensor

from yolozu.model.heads.base import HeadSizes, PoseHead

FIRST_SIZE_M = 0.1
"""Size that objects are taken for before training."""

SMALLEST_SIDE = 1e-4
"""Sides of boxes, relative to the network input, are raised to this before they divide."""


class DepthHead(PoseHead):
    """``log_z``: the logarithm of depth over normalized focal length (`yolozu.geometry.pose.normalized_focal`).

    An object of size D whose box covers the fraction s of the picture (``s = sqrt(w h)``) is at depth ``D f / s``. So
    the head adds ``-log s`` itself, and only learns the logarithm of the size that the object shows from its side.
    """

    def __init__(self, sizes: HeadSizes) -> None:
        super().__init__(sizes, 1)
        self.start_at(math.log(FIRST_SIZE_M))

    def interpreted(self, values: Tensor, boxes_4: Tensor, size: tuple[int, int]) -> Tensor:  # noqa: ARG002
        """(..., 1)."""
        sides = boxes_4[..., 2:].float().clamp_min(SMALLEST_SIDE)
        return values - 0.5 * sides.log().sum(-1, keepdim=True)
