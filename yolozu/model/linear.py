"""The Linear of all parts of the detector."""

# Shapes: T tokens of all images, I and O channels in and out.

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Linear(nn.Linear):
    """`torch.nn.Linear`, computed as a 1x1 convolution where that is faster.

    In float32 on CPUs, PyTorch gives matrix products to MKL and convolutions to oneDNN; on AMD processors the latter
    does the same work in two thirds of the time. Graphs for export and for compilers hold an ordinary linear layer.
    """

    def forward(self, values: Tensor) -> Tensor:
        """(..., I) to (..., O)."""
        return self._as_convolution(values) if self._prefers_convolution(values) else super().forward(values)

    def _prefers_convolution(self, values: Tensor) -> bool:
        return (
            values.device.type == "cpu"
            and values.numel() > 0
            and values.dtype == torch.float32
            and type(self.weight) is nn.Parameter  # a quantized weight knows matrix products alone
            and not torch.is_autocast_enabled("cpu")
            and not torch.compiler.is_compiling()
        )

    def _as_convolution(self, values: Tensor) -> Tensor:
        # All tokens become one row of a map; its strides are those of channels-last, so that nothing is copied.
        row_1I1T = values.reshape(1, 1, -1, self.in_features).permute(0, 3, 1, 2)
        result_1O1T = F.conv2d(row_1I1T, self.weight.view(*self.weight.shape, 1, 1), self.bias)
        return result_1O1T.permute(0, 2, 3, 1).reshape(*values.shape[:-1], self.out_features)
