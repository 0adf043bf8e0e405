"""Cost of a query's class scores for an object's class."""

# Shapes: L layers, B images, Q queries, T objects per image (padded), C classes.

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from yolozu.matching.costs.base import Candidates

ALPHA = 0.25
GAMMA = 2.0


def focal_class_cost(logits_LBQC: Tensor, labels_BT: Tensor) -> Tensor:
    """How much the focal loss would change by making the query's score for the object's class a positive.

    ``-alpha (1 - p)^gamma log p + (1 - alpha) p^gamma log(1 - p)`` with score p, alpha 0.25 and gamma 2.
    Source: Zhu et al., Deformable DETR, ICLR 2021 (published code), from Lin et al., Focal Loss, ICCV 2017, equation 5.

    Args:
        logits_LBQC: (L, B, Q, C).
        labels_BT: (B, T) int64 in [0, C).

    Returns:
        (L, B, Q, T), lower for higher scores.
    """
    layers, _, num_queries, _ = logits_LBQC.shape
    index_LBQT = labels_BT[None, :, None].expand(layers, -1, num_queries, -1)
    logits_LBQT = torch.gather(logits_LBQC, 3, index_LBQT)
    score_LBQT = logits_LBQT.sigmoid()
    # log p and log(1 - p) from the logit: finite also where the score rounds to 0 or 1
    positive = ALPHA * (1.0 - score_LBQT).pow(GAMMA) * F.softplus(-logits_LBQT)
    negative = (1.0 - ALPHA) * score_LBQT.pow(GAMMA) * F.softplus(logits_LBQT)
    return positive - negative


def class_cost(candidates: Candidates) -> Tensor:
    """(L, B, Q, T) `focal_class_cost` of the class logits."""
    return focal_class_cost(candidates.predicted["logits"], candidates.targets.labels_BT)
