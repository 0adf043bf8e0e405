"""Box of a query, relative to its reference box."""

from __future__ import annotations

from torch import nn

from yolozu.model.heads.base import HeadSizes
from yolozu.model.mlp import Mlp


class BoxHead(Mlp):
    """(..., D) to the change of the reference's cxcywh in logit space; no change before training."""

    def __init__(self, sizes: HeadSizes) -> None:
        super().__init__(sizes.d_model, sizes.d_model, 4, num_layers=3)
        last = self.layers[-1]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
