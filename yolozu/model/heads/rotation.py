"""Rotation of a query's object."""

from __future__ import annotations

from yolozu.model.heads.base import HeadSizes, PoseHead


class RotationHead(PoseHead):
    """``rot6d``: the first two columns of ``R_m2c`` before Gram-Schmidt; the identity before training."""

    def __init__(self, sizes: HeadSizes) -> None:
        super().__init__(sizes, 6)
        self.start_at(1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
