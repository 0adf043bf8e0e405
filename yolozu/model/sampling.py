"""Bilinear sampling of feature maps, also where bits must repeat."""

# Shapes: X maps of d channels, H x W cells; P x N points of each map; C = 4 corners around a point.

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from yolozu.model.cached_tensors import numbers

CORNERS = (0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0)
"""Steps in x and y from the cell above and to the left of a point to those around it."""


def sample_bilinear(maps_XdHW: Tensor, points_XPN2: Tensor) -> Tensor:
    """Values of the maps at points between their cells.

    Where torch is held to deterministic algorithms, CUDA gets a form of its own, because the backward pass of its
    `grid_sample` adds up in the order in which threads arrive.

    Args:
        maps_XdHW: (X, d, H, W).
        points_XPN2: (X, P, N, 2) x and y; -1 and 1 are the borders of the map, and outside of it there are zeros.

    Returns:
        (X, d, P, N).
    """
    if maps_XdHW.is_cuda and torch.are_deterministic_algorithms_enabled():
        return gather_bilinear(maps_XdHW, points_XPN2)
    return F.grid_sample(maps_XdHW, points_XPN2, mode="bilinear", padding_mode="zeros", align_corners=False)


def gather_bilinear(maps_XdHW: Tensor, points_XPN2: Tensor) -> Tensor:
    """The same as weighted rows that are picked by index.

    The gradient of picking is `index_put_` with accumulation, which torch sorts before adding when it is held to
    deterministic algorithms.

    Args:
        maps_XdHW: (X, d, H, W).
        points_XPN2: (X, P, N, 2).

    Returns:
        (X, d, P, N).
    """
    num_maps, channels, height, width = maps_XdHW.shape
    size_2 = numbers((width, height), points_XPN2.dtype, points_XPN2.device)
    cell_XPN2 = (points_XPN2 + 1.0) * (size_2 / 2.0) - 0.5  # in cells: 0 is the center of the first
    low_XPN2 = cell_XPN2.floor()
    part_XPN2 = cell_XPN2 - low_XPN2
    steps_C2 = numbers(CORNERS, low_XPN2.dtype, low_XPN2.device).view(-1, 2)
    corner_XPNC2 = low_XPN2[..., None, :] + steps_C2
    x_weight, y_weight = torch.where(steps_C2 > 0.0, part_XPN2[..., None, :], 1.0 - part_XPN2[..., None, :]).unbind(-1)
    weight_XPNC = x_weight * y_weight  # the gradient of `prod` asks the device for zeros, and waits
    inside_XPNC = ((corner_XPNC2 >= 0.0) & (corner_XPNC2 < size_2)).all(dim=-1)
    x_XPNC, y_XPNC = torch.where(inside_XPNC[..., None], corner_XPNC2, 0.0).long().unbind(dim=-1)
    first_X111 = torch.arange(num_maps, device=maps_XdHW.device)[:, None, None, None] * (height * width)
    rows_Kd = maps_XdHW.permute(0, 2, 3, 1).reshape(-1, channels)
    picked_XPNCd = rows_Kd[first_X111 + y_XPNC * width + x_XPNC]
    weight_XPNC = weight_XPNC * inside_XPNC
    return (picked_XPNCd * weight_XPNC[..., None]).sum(dim=3).permute(0, 3, 1, 2)
