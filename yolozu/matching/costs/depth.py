"""Cost of a query's depth for an object's."""

# Shapes: L layers, B images, Q queries, T objects per image (padded).

from __future__ import annotations

from torch import Tensor

from yolozu.geometry.pose_tensors import log_depth
from yolozu.matching.costs.base import Candidates


def depth_cost(candidates: Candidates) -> Tensor:
    """(L, B, Q, T) absolute difference of log depths; 0 for an object without a pose."""
    poses = candidates.poses()
    log_z_LBQ = log_depth(candidates.predicted["log_z"].squeeze(-1), candidates.seen_by())
    target_BT = poses.t_BT3[..., 2].log()
    return (log_z_LBQ[..., None] - target_BT[:, None]).abs() * poses.has_pose_BT[:, None]
