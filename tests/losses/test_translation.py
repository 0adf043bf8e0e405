"""Translation loss."""

import pytest
import torch

from yolozu.losses.translation import translation_l1_loss


def test_it_is_the_sum_of_the_differences_in_metres():
    found = translation_l1_loss(torch.tensor([[0.1, 0.2, 1.0], [0.0, 0.0, 1.0]]), torch.tensor([[0.0, 0.0, 1.0]]))
    assert found.tolist() == pytest.approx([0.3, 0.0])
