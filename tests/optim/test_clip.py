"""The norm of a gradient, and its limit."""

import math

import pytest
import torch
from torch import nn

from yolozu.optim.clip import clip_gradients


def three_and_four():
    parameters = [nn.Parameter(torch.zeros(1)) for _ in range(3)]
    parameters[0].grad, parameters[1].grad = torch.tensor([3.0]), torch.tensor([4.0])
    return parameters


def test_zero_only_measures():
    parameters = three_and_four()
    assert clip_gradients(parameters, max_norm=0.0).item() == 5.0
    assert [parameters[0].grad.item(), parameters[1].grad.item()] == [3.0, 4.0]


def test_a_long_gradient_is_scaled_down_to_the_limit():
    parameters = three_and_four()
    assert clip_gradients(parameters, max_norm=1.0).item() == 5.0
    assert [parameters[0].grad.item(), parameters[1].grad.item()] == pytest.approx([0.6, 0.8], abs=1e-5)


def test_a_short_gradient_stays():
    parameters = three_and_four()
    clip_gradients(parameters, max_norm=6.0)
    assert [parameters[0].grad.item(), parameters[1].grad.item()] == [3.0, 4.0]


def test_a_broken_gradient_has_a_broken_norm():
    parameters = three_and_four()
    parameters[0].grad.fill_(math.nan)
    assert math.isnan(clip_gradients(parameters, max_norm=1.0).item())
