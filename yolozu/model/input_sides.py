"""Width and height of the network input as a tensor, in a graph of one size and in one of many."""

from __future__ import annotations

import torch
from torch import Tensor

from yolozu.model.cached_tensors import numbers


def input_sides(values: Tensor, size: tuple[int, int]) -> Tensor:
    """(2,) width and height in the units of ``size``, of the type and on the device of ``values``.

    Where a graph is traced for any size, ``size`` holds symbols: a tensor made of them at once would hold the numbers
    of the traced input instead.

    Args:
        values: any tensor.
        size: height and width.
    """
    height, width = size
    if isinstance(height, torch.SymInt) or isinstance(width, torch.SymInt):
        return torch.cat([values.new_full((1,), width), values.new_full((1,), height)])
    return numbers((width, height), values.dtype, values.device)
