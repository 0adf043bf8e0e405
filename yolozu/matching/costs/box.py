"""Costs of a query's box for an object's box."""

# Shapes: L layers, B images, Q queries, T objects per image (padded).

from __future__ import annotations

import torch
from torch import Tensor

from yolozu.geometry.boxes import cxcywh_to_xyxy, giou
from yolozu.matching.costs.base import Candidates


def l1_cost(candidates: Candidates) -> Tensor:
    """(L, B, Q, T) sum of the absolute differences of normalized center x, center y, width and height."""
    boxes_LBQ4 = candidates.predicted["boxes"]
    return torch.cdist(boxes_LBQ4, candidates.targets.boxes_BT4.expand(boxes_LBQ4.shape[0], -1, -1, -1), p=1.0)


def giou_cost(candidates: Candidates) -> Tensor:
    """(L, B, Q, T) negative generalized IoU, in [-1, 1]."""
    boxes_LBQ14 = cxcywh_to_xyxy(candidates.predicted["boxes"])[:, :, :, None]
    return -giou(boxes_LBQ14, cxcywh_to_xyxy(candidates.targets.boxes_BT4)[:, None])
