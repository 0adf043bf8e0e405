"""Reference boxes: where the encoder proposes from, and the logit space in which boxes are refined."""

from __future__ import annotations

import torch
from torch import Tensor

from yolozu.model.cached_tensors import cached_constant

LOGIT_EPSILON = 1e-5
"""Coordinates are kept this far from 0 and 1 before they become logits."""

ANCHOR_MARGIN = 0.01
"""Anchors with a coordinate this near to 0 or 1 propose nothing."""


def inverse_sigmoid(values: Tensor) -> Tensor:
    """The logits whose sigmoid is ``values``.

    Args:
        values: (...) in [0, 1]; 1e-5 and 1 - 1e-5 stand in for what lies beyond them.

    Returns:
        (...) in about [-11.5, 11.5].
    """
    values = values.clamp(0.0, 1.0)
    return torch.log(values.clamp_min(LOGIT_EPSILON) / (1.0 - values).clamp_min(LOGIT_EPSILON))


@cached_constant
def anchor_boxes(sizes: tuple[tuple[int, int], ...], anchor_size: float, device: torch.device) -> Tensor:
    """One square box on every position of every level.

    The side doubles from level to level. Source: Zhao et al., DETRs Beat YOLOs on Real-time Object Detection, CVPR 2024
    (published code: ``grid_size`` 0.05).

    Args:
        sizes: height and width of each level, finest first.
        anchor_size: side on the finest level, relative to the image.
        device: where the boxes live.

    Returns:
        (S, 4) cxcywh normalized to the network input.
    """
    levels = []
    for level, (height, width) in enumerate(sizes):
        y = (torch.arange(height, dtype=torch.float32, device=device) + 0.5) / height
        x = (torch.arange(width, dtype=torch.float32, device=device) + 0.5) / width
        center_y, center_x = torch.meshgrid(y, x, indexing="ij")
        side = torch.full_like(center_x, anchor_size * 2.0**level)
        levels.append(torch.stack([center_x, center_y, side, side], dim=-1).flatten(0, 1))
    return torch.cat(levels)


@cached_constant
def anchor_validity(sizes: tuple[tuple[int, int], ...], anchor_size: float, device: torch.device) -> Tensor:
    """Which anchors keep their coordinates at least 0.01 away from 0 and 1.

    Returns:
        (S, 1) float32, 1 where valid and 0 elsewhere, to multiply with features.
    """
    boxes_S4 = anchor_boxes(sizes, anchor_size, device)
    inside_S4 = (boxes_S4 > ANCHOR_MARGIN) & (boxes_S4 < 1.0 - ANCHOR_MARGIN)
    return inside_S4.all(dim=-1, keepdim=True).float()


@cached_constant
def anchor_logits(sizes: tuple[tuple[int, int], ...], anchor_size: float, device: torch.device) -> Tensor:
    """Logits of the anchors; an invalid one has the largest finite number, the logit of 1 in every coordinate.

    Returns:
        (S, 4) float32.
    """
    boxes_S4 = anchor_boxes(sizes, anchor_size, device)
    valid_S1 = anchor_validity(sizes, anchor_size, device) > 0.0
    logits_S4 = torch.log(boxes_S4 / (1.0 - boxes_S4))
    return torch.where(valid_S1, logits_S4, torch.finfo(torch.float32).max)


@cached_constant
def sine_positions(height: int, width: int, d_model: int, device: torch.device) -> Tensor:
    """Sines and cosines of the row and the column of every position, at D / 4 wavelengths from 2 pi to 20000 pi.

    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.5, once per axis.

    Returns:
        (1, height * width, D) rows one after another, channels ``[sin y | cos y | sin x | cos x]``.
    """
    quarter = d_model // 4
    exponent = torch.arange(quarter, dtype=torch.float64, device=device) / quarter
    frequency = 10000.0**-exponent
    row = torch.arange(height, dtype=torch.float64, device=device)[:, None] * frequency
    column = torch.arange(width, dtype=torch.float64, device=device)[:, None] * frequency
    row_HWq = row[:, None].expand(-1, width, -1)
    column_HWq = column[None].expand(height, -1, -1)
    parts = [row_HWq.sin(), row_HWq.cos(), column_HWq.sin(), column_HWq.cos()]
    return torch.cat(parts, dim=-1).flatten(0, 1)[None].float()
