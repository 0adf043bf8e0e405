"""What prediction heads are built from, and what those of a pose look at."""

# Shapes: "..." any leading dimensions, D model width.

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from yolozu.model.full_precision import full_precision
from yolozu.model.mlp import Mlp


@dataclass(frozen=True)
class HeadSizes:
    """The numbers that decide a head's shape; each head takes those it needs.

    Attributes:
        d_model: width of the decoder's queries.
        num_classes: classes of the data set.
    """

    d_model: int
    num_classes: int


class PoseHead(nn.Module):
    """Numbers about an object's pose, from its query and its box.

    Computed in float32 whatever the rest is computed in: a depth in bfloat16 has steps of one percent.
    """

    def __init__(self, sizes: HeadSizes, outputs: int) -> None:
        super().__init__()
        self.mlp = Mlp(sizes.d_model, sizes.d_model, outputs, num_layers=3)

    def forward(self, queries: Tensor, boxes_4: Tensor, size: tuple[int, int]) -> Tensor:
        """The head's numbers.

        Args:
            queries: (..., D).
            boxes_4: (..., 4) boxes of the queries, cxcywh normalized to the network input; a constant.
            size: height and width of the network input, px.

        Returns:
            (..., K) float32.
        """
        with full_precision(queries.device):
            return self.interpreted(self.mlp(queries.float()), boxes_4, size)

    def interpreted(self, values: Tensor, boxes_4: Tensor, size: tuple[int, int]) -> Tensor:  # noqa: ARG002 - for heads that need the box
        """The head's numbers from the raw ``values`` (..., K)."""
        return values

    def start_at(self, *values: float) -> None:
        """Let every object have these raw values before training."""
        last = self.mlp.layers[-1]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)
        with torch.no_grad():
            last.bias.copy_(torch.tensor(values))
