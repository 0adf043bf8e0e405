"""3x3 convolutions of float32 on CPUs with a quarter of the multiplications: Winograd's F(4x4, 3x3).

A tile of 4x4 results comes of 6x6 inputs. Both are transformed so that the convolution is a product of the 36 numbers
at the same place, which over channels is 36 matrix products. Results differ from exact ones by some 1e-5 of the largest
one, those of a direct convolution by 1e-6.
Source: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016, section 4.3.
"""

# Shapes: B images, C channels in, O channels out, H x W cells, h x w tiles of 4x4 cells; K = 36 places of a transformed
# tile, T = B * h * w tiles.

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from yolozu.model.cached_tensors import cached_constant
from yolozu.model.convolution import ConvNorm

FEWEST_CHANNELS = 128
"""Below, in or out, the transforms cost what the products save."""

FEWEST_TILES = 64
"""Below, the products are too small to be fast."""

TILE, MARGIN = 4, 2

INPUT_66 = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)
KERNEL_63 = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)
OUTPUT_46 = ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1))
"""B^T, G and A^T of the source, for one dimension."""


def train_by_winograd(detector: nn.Module) -> None:
    """From now on, training passes compute the convolutions of ``detector`` so where that is faster."""
    for module in detector.modules():
        if isinstance(module, ConvNorm) and isinstance(module.conv, nn.Conv2d) and _is_possible(module.conv):
            module.convolve = convolve


def _is_possible(conv: nn.Conv2d) -> bool:
    plain = conv.kernel_size == (3, 3) and conv.stride == (1, 1) and conv.padding == (1, 1) and conv.bias is None
    return plain and min(conv.in_channels, conv.out_channels) >= FEWEST_CHANNELS


def convolve(features_BCHW: Tensor, weight_OC33: Tensor, bias_O: Tensor | None) -> Tensor | None:
    """The convolution with stride 1 and padding 1; None where a direct one is faster, or nothing is trained."""
    batch, _, height, width = features_BCHW.shape
    worth = (
        torch.is_grad_enabled()
        and features_BCHW.device.type == "cpu"
        and features_BCHW.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
        and batch * _tiles(height) * _tiles(width) >= FEWEST_TILES
    )
    return winograd(features_BCHW, weight_OC33, bias_O) if worth else None


def winograd(features_BCHW: Tensor, weight_OC33: Tensor, bias_O: Tensor | None = None) -> Tensor:
    """``conv2d(features, weight, bias, padding=1)``, channels last in memory.

    Args:
        features_BCHW: (B, C, H, W) of any size.
        weight_OC33: (O, C, 3, 3).
        bias_O: (O,), or None.

    Returns:
        (B, O, H, W).
    """
    result: Tensor = _Winograd.apply(features_BCHW, weight_OC33, bias_O)  # type: ignore[no-untyped-call]
    return result


class _Winograd(torch.autograd.Function):
    """The backward pass is the adjoint of each transform, with the same 36 products."""

    @staticmethod
    def forward(ctx: Any, features_BCHW: Tensor, weight_OC33: Tensor, bias_O: Tensor | None) -> Tensor:
        (batch, channels, height, width), outputs = features_BCHW.shape, len(weight_OC33)
        tiles = batch, _tiles(height), _tiles(width)
        dtype = features_BCHW.dtype
        inputs_KTC = (_input_transform(dtype) @ _overlapping_tiles(features_BCHW)).view(-1, math.prod(tiles), channels)
        weight_9N = weight_OC33.permute(2, 3, 0, 1).reshape(9, -1)
        weights_KOC = (_kernel_transform(dtype) @ weight_9N).view(-1, outputs, channels)
        products_KTO = torch.bmm(inputs_KTC, weights_KOC.transpose(1, 2))
        ctx.save_for_backward(inputs_KTC, weights_KOC)
        ctx.size = height, width
        ctx.tiles = tiles
        cells_44BhwO = (_output_transform(dtype) @ products_KTO.flatten(1)).view(TILE, TILE, *tiles, outputs)
        return _from_tiles(cells_44BhwO, bias_O, height, width)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_BOHW: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        inputs_KTC, weights_KOC = ctx.saved_tensors
        _, outputs, channels = weights_KOC.shape
        dtype = grad_BOHW.dtype
        grad_features_BCHW = grad_weight_OC33 = grad_bias_O = None
        if ctx.needs_input_grad[2]:
            grad_bias_O = grad_BOHW.sum(dim=(0, 2, 3))
        grad_products_KTO = (_output_transform(dtype).t() @ _tiles_of(grad_BOHW)).view(*inputs_KTC.shape[:2], outputs)
        if ctx.needs_input_grad[1]:
            grad_KOC = torch.bmm(grad_products_KTO.transpose(1, 2), inputs_KTC)
            grad_9N = _kernel_transform(dtype).t() @ grad_KOC.flatten(1)
            grad_weight_OC33 = grad_9N.view(3, 3, outputs, channels).permute(2, 3, 0, 1)
            grad_weight_OC33 = grad_weight_OC33.contiguous(memory_format=torch.channels_last)
        if ctx.needs_input_grad[0]:
            grad_KTC = torch.bmm(grad_products_KTO, weights_KOC)
            grad_66BhwC = (_input_transform(dtype).t() @ grad_KTC.flatten(1)).view(6, 6, *ctx.tiles, channels)
            grad_features_BCHW = _summed_tiles(grad_66BhwC, *ctx.size)
        return grad_features_BCHW, grad_weight_OC33, grad_bias_O


def _tiles(cells: int) -> int:
    return -(-cells // TILE)


def _overlapping_tiles(features_BCHW: Tensor) -> Tensor:
    """(36, T * C): tiles of 6x6 cells, four apart, the first one beginning a cell before the map; zeros around it."""
    batch, channels, height, width = features_BCHW.shape
    rows, columns = _tiles(height), _tiles(width)
    padded_BHWC = features_BCHW.new_zeros(batch, TILE * rows + MARGIN, TILE * columns + MARGIN, channels)
    padded_BHWC[:, 1 : height + 1, 1 : width + 1] = features_BCHW.permute(0, 2, 3, 1)
    of_image, of_row, of_cell, _ = padded_BHWC.stride()
    tiles_66BhwC = padded_BHWC.as_strided(
        (6, 6, batch, rows, columns, channels), (of_row, of_cell, of_image, TILE * of_row, TILE * of_cell, 1)
    )
    return tiles_66BhwC.reshape(36, -1)


def _summed_tiles(tiles_66BhwC: Tensor, height: int, width: int) -> Tensor:
    """(B, C, H, W): the adjoint of `_overlapping_tiles`. Where tiles overlap, a cell is the sum of theirs."""
    batch, rows, columns, channels = tiles_66BhwC.shape[2:]
    # A tile's first 4x4 cells are its own; its last two rows and columns are the first ones of the next tiles.
    cells_BhHwWC = tiles_66BhwC.new_zeros(batch, rows + 1, TILE, columns + 1, TILE, channels)
    of_tiles_Bh6w6C = tiles_66BhwC.permute(2, 3, 0, 4, 1, 5)
    own, next_own = of_tiles_Bh6w6C[:, :, :TILE], of_tiles_Bh6w6C[:, :, TILE:]
    cells_BhHwWC[:, :rows, :, :columns] = own[..., :TILE, :]
    cells_BhHwWC[:, 1:, :MARGIN, :columns] += next_own[..., :TILE, :]
    cells_BhHwWC[:, :rows, :, 1:, :MARGIN] += own[..., TILE:, :]
    cells_BhHwWC[:, 1:, :MARGIN, 1:, :MARGIN] += next_own[..., TILE:, :]
    padded_BHWC = cells_BhHwWC.view(batch, TILE * (rows + 1), TILE * (columns + 1), channels)
    return padded_BHWC[:, 1 : height + 1, 1 : width + 1].contiguous().permute(0, 3, 1, 2)


def _tiles_of(map_BOHW: Tensor) -> Tensor:
    """(16, T * O): tiles of 4x4 cells side by side; zeros behind the map's end."""
    batch, outputs, height, width = map_BOHW.shape
    rows, columns = _tiles(height), _tiles(width)
    map_BHWO = map_BOHW.permute(0, 2, 3, 1)
    if (height, width) != (TILE * rows, TILE * columns):
        padded_BHWO = map_BOHW.new_zeros(batch, TILE * rows, TILE * columns, outputs)
        padded_BHWO[:, :height, :width] = map_BHWO
        map_BHWO = padded_BHWO
    tiles_Bh4w4O = map_BHWO.reshape(batch, rows, TILE, columns, TILE, outputs)
    return tiles_Bh4w4O.permute(2, 4, 0, 1, 3, 5).reshape(TILE * TILE, -1)


def _from_tiles(cells_44BhwO: Tensor, bias_O: Tensor | None, height: int, width: int) -> Tensor:
    """(B, O, H, W): tiles of 4x4 cells put side by side, without what lies behind the map's end."""
    batch, rows, columns, outputs = cells_44BhwO.shape[2:]
    whole_BOHW = _channels_last(cells_44BhwO, batch, outputs, TILE * rows, TILE * columns)
    placed_Bh4w4O = whole_BOHW.permute(0, 2, 3, 1).view(batch, rows, TILE, columns, TILE, outputs)
    tiles_Bh4w4O = cells_44BhwO.permute(2, 3, 0, 4, 1, 5)
    if bias_O is None:
        placed_Bh4w4O.copy_(tiles_Bh4w4O)
    else:
        torch.add(tiles_Bh4w4O, bias_O, out=placed_Bh4w4O)
    if whole_BOHW.shape[2:] == (height, width):
        return whole_BOHW
    # No view: what follows may write into it.
    return _channels_last(whole_BOHW, batch, outputs, height, width).copy_(whole_BOHW[..., :height, :width])


def _channels_last(like: Tensor, *shape: int) -> Tensor:
    return torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=torch.channels_last)


@cached_constant
def _transform(name: str, dtype: torch.dtype, device: torch.device) -> Tensor:
    rows = {"input": INPUT_66, "kernel": KERNEL_63, "output": OUTPUT_46}[name]
    of_one_dimension = torch.tensor(rows, dtype=torch.float64, device=device)
    return torch.kron(of_one_dimension, of_one_dimension).to(dtype).contiguous()


def _input_transform(dtype: torch.dtype) -> Tensor:
    """(36, 36): 6x6 cells to 36 places."""
    return _transform("input", dtype, torch.device("cpu"))


def _kernel_transform(dtype: torch.dtype) -> Tensor:
    """(36, 9): a 3x3 kernel to 36 places."""
    return _transform("kernel", dtype, torch.device("cpu"))


def _output_transform(dtype: torch.dtype) -> Tensor:
    """(16, 36): 36 places to 4x4 cells."""
    return _transform("output", dtype, torch.device("cpu"))
