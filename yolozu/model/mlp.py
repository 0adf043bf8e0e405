"""Stacks of Linears."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from yolozu.model.linear import Linear


class Mlp(nn.Module):
    """Linears with ReLU between them."""

    def __init__(self, in_width: int, hidden_width: int, out_width: int, *, num_layers: int) -> None:
        super().__init__()
        widths = [in_width, *[hidden_width] * (num_layers - 1), out_width]
        self.layers = nn.ModuleList(Linear(width, next_width) for width, next_width in pairwise(widths))

    def forward(self, values: Tensor) -> Tensor:
        """(..., in_width) to (..., out_width)."""
        *hidden, last = self.layers
        for layer in hidden:
            values = F.relu(layer(values))
        result: Tensor = last(values)
        return result


class FeedForward(nn.Module):
    """The position-wise part of a transformer layer: Linear, activation, Linear, with dropout after each."""

    def __init__(self, d_model: int, ffn_dim: int, *, activation: nn.Module, dropout: float = 0.0) -> None:
        super().__init__()
        self.linear1 = Linear(d_model, ffn_dim)
        self.activation = activation
        self.linear2 = Linear(ffn_dim, d_model)
        self.dropout = dropout

    def forward(self, values_BND: Tensor) -> Tensor:
        """The same shape."""
        hidden = self.activation(self.linear1(values_BND))
        if self.dropout == 0.0:
            result: Tensor = self.linear2(hidden)
            return result
        hidden = F.dropout(hidden, self.dropout, self.training)
        return F.dropout(self.linear2(hidden), self.dropout, self.training)
