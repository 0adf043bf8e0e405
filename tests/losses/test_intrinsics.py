"""Loss of corrections of intrinsics."""

import pytest
import torch

from yolozu.losses.intrinsics import intrinsics_l1_loss


def test_focal_lengths_are_relative_already_and_the_principal_point_is_to_the_sides():
    predicted, target = torch.tensor([[0.1, -0.2, 10.0, 5.0]]), torch.tensor([[0.0, 0.1, 0.0, 0.0]])
    found = intrinsics_l1_loss(predicted, target, torch.tensor([[50.0, 100.0]]))  # 10 of 100 px, 5 of 50 px
    assert found.tolist() == pytest.approx([0.1 + 0.3 + 0.1 + 0.1])
