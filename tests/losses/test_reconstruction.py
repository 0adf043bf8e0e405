import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from yolozu.losses.reconstruction import hidden_pixels_loss


def test_by_hand():
    images = torch.zeros(2, 3, 2, 2)
    painted = torch.tensor([[0.1, 0.2], [0.3, 9.0]]).expand(2, 3, 2, 2).clone()
    painted[1] *= -1.0
    hidden = torch.tensor([[[[True, False], [True, False]]], [[[True, True], [False, False]]]])
    torch.testing.assert_close(hidden_pixels_loss(painted, images, hidden), torch.tensor([0.2, 0.15]))


def test_what_was_visible_has_neither_value_nor_gradient():
    painted = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    hidden = torch.zeros(1, 1, 4, 4, dtype=torch.bool)
    hidden[..., 2:] = True
    hidden_pixels_loss(painted, torch.zeros(1, 3, 4, 4), hidden).sum().backward()
    expected = torch.zeros(1, 3, 4, 4)
    expected[..., 2:] = 1.0 / (3 * 8)
    torch.testing.assert_close(painted.grad, expected)


@given(st.integers(1, 15), st.floats(0.0, 1.0))
def test_its_size_depends_neither_on_how_much_is_hidden_nor_on_the_image_s_size(count, apart):
    hidden = (torch.arange(16).view(1, 1, 4, 4) < count).repeat(1, 1, 3, 2)
    painted = torch.full((1, 3, 12, 8), apart)
    assert hidden_pixels_loss(painted, torch.zeros(1, 3, 12, 8), hidden).item() == pytest.approx(apart, rel=1e-5)


def test_half_precision_is_summed_in_float32():
    painted = torch.full((1, 3, 64, 64), 0.5, dtype=torch.bfloat16)
    found = hidden_pixels_loss(painted, torch.zeros(1, 3, 64, 64), torch.ones(1, 1, 64, 64, dtype=torch.bool))
    assert (found.dtype, found.item()) == (torch.float32, 0.5)
