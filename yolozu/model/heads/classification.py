"""Class scores of a query."""

from __future__ import annotations

import math

from torch import nn

from yolozu.model.heads.base import HeadSizes
from yolozu.model.linear import Linear

PRIOR_PROBABILITY = 0.01
"""Score of every class before training: most queries are background, and a start at 0.5 would drown the objects."""


class ClassificationHead(Linear):
    """(..., D) to one logit per class.

    Bias of the prior: Lin et al., Focal Loss for Dense Object Detection, ICCV 2017, section 4.1.
    """

    def __init__(self, sizes: HeadSizes) -> None:
        super().__init__(sizes.d_model, sizes.num_classes)
        nn.init.constant_(self.bias, -math.log((1.0 - PRIOR_PROBABILITY) / PRIOR_PROBABILITY))
