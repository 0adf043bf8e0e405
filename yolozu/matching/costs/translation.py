"""Cost of a query's translation for an object's."""

# Shapes: L layers, B images, Q queries, T objects per image (padded).

from __future__ import annotations

from torch import Tensor

from yolozu.geometry.pose_tensors import translation
from yolozu.matching.costs.base import Candidates


def translation_cost(candidates: Candidates) -> Tensor:
    """(L, B, Q, T) L1 distance in metres; 0 for an object without a pose."""
    poses, predicted = candidates.poses(), candidates.predicted
    layers = len(predicted["log_z"])
    t_LBQ3 = translation(
        predicted["log_z"].squeeze(-1), predicted["offsets"], predicted["boxes"][:layers], candidates.seen_by()
    )
    return (t_LBQ3[..., None, :] - poses.t_BT3[:, None]).abs().sum(-1) * poses.has_pose_BT[:, None]
