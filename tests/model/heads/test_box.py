"""Box changes."""

import torch

from yolozu.model.heads.base import HeadSizes
from yolozu.model.heads.box import BoxHead


def test_boxes_start_unchanged():
    head = BoxHead(HeadSizes(d_model=8, num_classes=5))
    assert torch.equal(head(torch.randn(4, 8)), torch.zeros(4, 4))
