"""Cost of a query's rotation for an object's."""

# Shapes: L layers, B images, Q queries, T objects per image (padded).

from __future__ import annotations

from torch import Tensor

from yolozu.geometry.rotations import rot6d_to_matrix
from yolozu.matching.costs.base import Candidates


def rotation_cost(candidates: Candidates) -> Tensor:
    """(L, B, Q, T) radians between rotations, the smallest over symmetries; 0 for an object without a pose."""
    poses = candidates.poses()
    R_LBQ133 = rot6d_to_matrix(candidates.predicted["rot6d"])[:, :, :, None]
    angle = candidates.symmetries.angle(R_LBQ133, poses.R_BT33[:, None], candidates.targets.labels_BT[:, None])
    return angle * poses.has_pose_BT[:, None]
