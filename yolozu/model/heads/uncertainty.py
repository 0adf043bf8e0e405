"""How sure a query is of its object's depth and rotation."""

from __future__ import annotations

from torch import Tensor

from yolozu.model.heads.base import HeadSizes, PoseHead

LARGEST = 6.0
"""Bound of the logarithm: beyond e^-6 (0.14 degrees, 0.25 percent of depth) labels say no more."""


class LogSigmaHead(PoseHead):
    """``log_sigma_z`` or ``log_sigma_rot``: logarithm of the expected error, inside ``LARGEST``; 0 before training."""

    def __init__(self, sizes: HeadSizes) -> None:
        super().__init__(sizes, 1)
        self.start_at(0.0)

    def interpreted(self, values: Tensor, boxes_4: Tensor, size: tuple[int, int]) -> Tensor:  # noqa: ARG002
        """(..., 1)."""
        return LARGEST * (values / LARGEST).tanh()
