"""Correction of a picture's intrinsics."""

# Shapes: B images, S positions of all levels together, D model width.

from __future__ import annotations

import torch
from torch import Tensor, nn

from yolozu.model.full_precision import full_precision
from yolozu.model.input_sides import input_sides
from yolozu.model.mlp import Mlp

LARGEST_CHANGE = 0.9
"""Bound of a focal length's relative change, so that a corrected one is above 0 whatever the head says."""


class IntrinsicsHead(nn.Module):
    """``k_delta`` of an image from the mean of its encoder's features; no correction before training."""

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.mlp = Mlp(d_model, d_model, 4, num_layers=3)
        last = self.mlp.layers[-1]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def forward(self, memory_BSD: Tensor, size: tuple[int, int]) -> Tensor:
        """The correction.

        Args:
            memory_BSD: (B, S, D) the encoder's maps.
            size: height and width of the network input, px.

        Returns:
            (B, 4) float32: dfx, dfy relative and inside ``LARGEST_CHANGE``, dcx, dcy in px of the network input.
        """
        with full_precision(memory_BSD.device):
            values_B4: Tensor = self.mlp(memory_BSD.float().mean(dim=1))
            focal_B2 = LARGEST_CHANGE * (values_B4[:, :2] / LARGEST_CHANGE).tanh()
            return torch.cat([focal_B2, values_B4[:, 2:] * input_sides(values_B4, size)], dim=1)
