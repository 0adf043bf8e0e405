"""Axis-aligned boxes: formats and overlaps.

Formats: ``cxcywh`` is center and size, ``xyxy`` the top-left and bottom-right corners; x to the right, y down. Any
unit, as long as both boxes share it; networks use coordinates normalized to the network input.
"""

# Shapes: "..." any leading dimensions; two boxes broadcast against each other, so (M, 4) with (M, 4) compares pairs
# and (Q, 1, 4) with (T, 4) compares all with all.

from __future__ import annotations

import torch
from torch import Tensor

SMALLEST_AREA = 1e-12
"""Areas are raised to this before they divide: boxes without extent then overlap 0 instead of 0/0."""


def cxcywh_to_xyxy(boxes_cxcywh: Tensor) -> Tensor:
    """Corners of boxes given by center and size.

    Args:
        boxes_cxcywh: (..., 4).

    Returns:
        (..., 4) x1, y1, x2, y2.
    """
    center, half = boxes_cxcywh[..., :2], boxes_cxcywh[..., 2:] * 0.5
    return torch.cat([center - half, center + half], dim=-1)


def xyxy_to_cxcywh(boxes_xyxy: Tensor) -> Tensor:
    """Center and size of boxes given by their corners.

    Args:
        boxes_xyxy: (..., 4).

    Returns:
        (..., 4) center x, center y, width, height.
    """
    low, high = boxes_xyxy[..., :2], boxes_xyxy[..., 2:]
    return torch.cat([(low + high) * 0.5, high - low], dim=-1)


def area(boxes_xyxy: Tensor) -> Tensor:
    """Area of boxes with ordered corners.

    Args:
        boxes_xyxy: (..., 4).

    Returns:
        (...) in squared units of the corners.
    """
    size = boxes_xyxy[..., 2:] - boxes_xyxy[..., :2]
    return size[..., 0] * size[..., 1]


def iou(first_xyxy: Tensor, second_xyxy: Tensor) -> Tensor:
    """Intersection over union.

    Args:
        first_xyxy: (..., 4) with ordered corners.
        second_xyxy: (..., 4), broadcast against the first.

    Returns:
        (...) in [0, 1]; 0 where both boxes have no area.
    """
    intersection, union = _intersection_and_union(first_xyxy, second_xyxy)
    return intersection / union


def giou(first_xyxy: Tensor, second_xyxy: Tensor) -> Tensor:
    """Generalized IoU: ``IoU - (E - U) / E`` with the union's area U and the area E of the smallest enclosing box.

    Source: Rezatofighi et al., Generalized Intersection over Union, CVPR 2019, algorithm 1.

    Args:
        first_xyxy: (..., 4) with ordered corners.
        second_xyxy: (..., 4), broadcast against the first.

    Returns:
        (...) in [-1, 1]; 1 for equal boxes, toward -1 the farther apart.
    """
    intersection, union = _intersection_and_union(first_xyxy, second_xyxy)
    size = torch.maximum(first_xyxy[..., 2:], second_xyxy[..., 2:]) - torch.minimum(
        first_xyxy[..., :2], second_xyxy[..., :2]
    )
    enclosure = (size[..., 0] * size[..., 1]).clamp_min(SMALLEST_AREA)
    return intersection / union - (enclosure - union) / enclosure


def _intersection_and_union(first_xyxy: Tensor, second_xyxy: Tensor) -> tuple[Tensor, Tensor]:
    high = torch.minimum(first_xyxy[..., 2:], second_xyxy[..., 2:])
    low = torch.maximum(first_xyxy[..., :2], second_xyxy[..., :2])
    size = (high - low).clamp_min(0.0)
    intersection = size[..., 0] * size[..., 1]
    union = area(first_xyxy) + area(second_xyxy) - intersection
    return intersection, union.clamp_min(SMALLEST_AREA)
