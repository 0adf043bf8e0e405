"""Offset loss."""

import pytest
import torch

from yolozu.losses.offset import offset_l1_loss


def test_it_is_relative_to_width_and_height():
    """10 px of a width of 100, and 10 px of a height of 50."""
    found = offset_l1_loss(torch.tensor([[12.0, -3.0]]), torch.tensor([[2.0, 7.0]]), torch.tensor([[50.0, 100.0]]))
    assert found.tolist() == pytest.approx([0.1 + 0.2])


def test_equal_offsets_cost_nothing():
    offsets = torch.tensor([[3.0, 4.0]])
    assert offset_l1_loss(offsets, offsets, torch.tensor([[50.0, 100.0]])).item() == 0.0
