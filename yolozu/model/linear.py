"""The Linear of all parts of the detector."""

# Shapes: T tokens of all images, I and O channels in and out.

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Linear(nn.Linear):
    """`torch.nn.Linear`, computed as a 1x1 convolution where that is faster."""

    def forward(self, values: Tensor) -> Tensor:
        """(..., I) to (..., O)."""
        return linear(values, self.weight, self.bias)


def linear(values: Tensor, weight_OI: Tensor, bias_O: Tensor | None) -> Tensor:
    """(..., I) to (..., O), what `torch.nn.functional.linear` gives.

    In float32 on CPUs, PyTorch gives matrix products to MKL and convolutions to oneDNN; on AMD processors the latter
    does the same work in two thirds of the time. Graphs for export and for compilers hold an ordinary linear layer.
    """
    if _prefers_convolution(values, weight_OI):
        return _as_convolution(values, weight_OI, bias_O)
    return F.linear(values, weight_OI, bias_O)


def _prefers_convolution(values: Tensor, weight_OI: Tensor) -> bool:
    return (
        values.device.type == "cpu"
        and values.numel() > 0
        and values.dtype == torch.float32
        and type(weight_OI) in {nn.Parameter, Tensor}  # tensors of other kinds may know matrix products alone
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
    )


def _as_convolution(values: Tensor, weight_OI: Tensor, bias_O: Tensor | None) -> Tensor:
    # All tokens become one row of a map; its strides are those of channels-last, so that nothing is copied.
    outputs, inputs = weight_OI.shape
    row_1I1T = values.reshape(1, 1, -1, inputs).permute(0, 3, 1, 2)
    result_1O1T = F.conv2d(row_1I1T, weight_OI.view(outputs, inputs, 1, 1), bias_O)
    return result_1O1T.permute(0, 2, 3, 1).reshape(*values.shape[:-1], outputs)
