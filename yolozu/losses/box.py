"""How far predicted boxes are from those of their objects."""

# Shapes: M matched pairs.

from __future__ import annotations

from torch import Tensor

from yolozu.geometry.boxes import cxcywh_to_xyxy, giou
from yolozu.losses.base import Loss


def box_l1_loss(boxes_M4: Tensor, target_boxes_M4: Tensor) -> Tensor:
    """Sum of the absolute differences of center x, center y, width and height.

    Args:
        boxes_M4: (M, 4) cxcywh normalized to the network input.
        target_boxes_M4: (M, 4), likewise.

    Returns:
        (M,) at least 0.
    """
    return (boxes_M4 - target_boxes_M4).abs().sum(dim=1)


def box_giou_loss(boxes_M4: Tensor, target_boxes_M4: Tensor) -> Tensor:
    """``1 - GIoU``; has a gradient also where boxes do not overlap.

    Source: Rezatofighi et al., Generalized Intersection over Union, CVPR 2019, algorithm 2.

    Args:
        boxes_M4: (M, 4) cxcywh, any unit.
        target_boxes_M4: (M, 4), likewise.

    Returns:
        (M,) in [0, 2].
    """
    return 1.0 - giou(cxcywh_to_xyxy(boxes_M4), cxcywh_to_xyxy(target_boxes_M4))


BOX_L1 = Loss("pairs", lambda pairs: box_l1_loss(pairs.boxes_M4, pairs.target_boxes_M4))
BOX_GIOU = Loss("pairs", lambda pairs: box_giou_loss(pairs.boxes_M4, pairs.target_boxes_M4))
