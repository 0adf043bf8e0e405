"""Offset from the box's center to the origin of the model."""

import torch

from yolozu.model.heads.base import HeadSizes
from yolozu.model.heads.offset import OffsetHead


def test_offsets_start_at_zero():
    head = OffsetHead(HeadSizes(d_model=8, num_classes=5))
    assert torch.equal(head(torch.randn(4, 8), torch.rand(4, 4), (64, 64)), torch.zeros(4, 2))


def test_they_are_in_px_and_learned_in_sides_of_the_box():
    """A quarter of the width to the right and half the height up, of a box of 64 by 24 px."""
    head = OffsetHead(HeadSizes(d_model=8, num_classes=5))
    head.start_at(0.25, -0.5)
    offsets = head(torch.randn(1, 8), torch.tensor([[0.3, 0.6, 0.1, 0.05]]), (480, 640))
    torch.testing.assert_close(offsets, torch.tensor([[16.0, -12.0]]))
