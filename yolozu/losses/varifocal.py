"""Varifocal loss: scores learn how well the box fits."""

# Shapes: N queries, M of them matched, C classes.

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from yolozu.geometry.boxes import cxcywh_to_xyxy, iou
from yolozu.losses.base import Loss, Supervision

ALPHA = 0.75
GAMMA = 2.0
"""Weight and focus of the negatives, as in RT-DETR."""


def varifocal_loss(
    logits_NC: Tensor,
    row_M: Tensor,
    labels_M: Tensor,
    quality_M: Tensor,
    *,
    spared_NC: Tensor | None = None,
    alpha: float = ALPHA,
    gamma: float = GAMMA,
) -> Tensor:
    """Cross entropy between scores and box quality, summed over the classes of each query.

    With score p = sigmoid(logit) and target q it is ``-q (q log p + (1 - q) log(1 - p))`` for the class of a matched
    query, and ``-alpha p^gamma log(1 - p)`` for every other class and query. The weights q and alpha p^gamma are
    constants to the gradient.
    Source: Zhang et al., VarifocalNet, CVPR 2021, equation 2, with RT-DETR's alpha.

    Args:
        logits_NC: (N, C).
        row_M: (M,) int64, the matched queries, each once.
        labels_M: (M,) int64, their classes.
        quality_M: (M,) in [0, 1], IoU of their box with the object's; a constant to the gradient.
        spared_NC: (N, C) bool, negatives that weigh nothing; None for none.
        alpha: weight of the negatives.
        gamma: how much less confident ones count.

    Returns:
        (N,) at least 0.
    """
    quality_M = quality_M.detach()
    weight_NC = alpha * logits_NC.detach().sigmoid().pow(gamma)
    if spared_NC is not None:
        weight_NC = weight_NC.masked_fill(spared_NC, 0.0)
    target_NC = torch.zeros_like(logits_NC)
    weight_NC[row_M, labels_M] = quality_M
    target_NC[row_M, labels_M] = quality_M
    return F.binary_cross_entropy_with_logits(logits_NC, target_NC, weight=weight_NC, reduction="none").sum(dim=1)


def _supervised(supervision: Supervision) -> Tensor:
    with torch.no_grad():
        quality_M = iou(cxcywh_to_xyxy(supervision.boxes_M4), cxcywh_to_xyxy(supervision.target_boxes_M4))
    seen = supervision
    return varifocal_loss(seen.logits_NC, seen.row_M, seen.labels_M, quality_M, spared_NC=seen.spared_NC)


VARIFOCAL = Loss("queries", _supervised, holds_constants=True)
