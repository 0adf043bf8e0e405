"""How far predicted depths are from those of their objects."""

# Shapes: P matched pairs.

from __future__ import annotations

from torch import Tensor

from yolozu.losses.base import PosePairs, pose_loss


def log_depth_loss(log_z_P: Tensor, target_z_P: Tensor) -> Tensor:
    """``|log z - log z*|``: the relative error of the depth, as far as it is small.

    Args:
        log_z_P: (P,) predicted logarithm of the depth in metres.
        target_z_P: (P,) depth in metres, above 0.

    Returns:
        (P,) at least 0.
    """
    return (log_z_P - target_z_P.log()).abs()


def _of_pairs(pairs: PosePairs) -> Tensor:
    return log_depth_loss(pairs.log_z_P, pairs.target_t_P3[:, 2]) * pairs.has_pose_P


LOG_DEPTH = pose_loss(_of_pairs, log_sigma="log_sigma_z")
