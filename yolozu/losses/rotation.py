"""How far predicted rotations are from those of their objects."""

# Shapes: P matched pairs.

from __future__ import annotations

from torch import Tensor

from yolozu.losses.base import PosePairs, pose_loss


def _of_pairs(pairs: PosePairs) -> Tensor:
    """(P,) radians to the nearest rotation that looks like the object's (`SymmetryTable.angle`); 0 without a pose."""
    return pairs.symmetries.angle(pairs.R_P33, pairs.target_R_P33, pairs.labels_P) * pairs.has_pose_P


ROTATION = pose_loss(_of_pairs, log_sigma="log_sigma_rot")
