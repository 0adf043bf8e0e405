"""Losses weighed by how large they are expected to be."""

import math

import pytest
import torch

from yolozu.losses.uncertainty import aligned


def test_values_by_hand():
    found = aligned(torch.tensor([2.0, 2.0, 0.0]), torch.tensor([0.0, math.log(2.0), -3.0]))
    assert found.tolist() == pytest.approx([2.0, 1.0 + math.log(2.0), -3.0])


@pytest.mark.parametrize("error", [0.01, 0.5, 3.0])
def test_it_is_least_where_the_expected_error_is_the_error(error):
    log_sigma = torch.linspace(-6, 6, 12001, dtype=torch.float64)
    best = log_sigma[aligned(torch.full_like(log_sigma, error), log_sigma).argmin()]
    assert best.exp().item() == pytest.approx(error, rel=1e-3)


def test_an_error_that_was_expected_pulls_less():
    error = torch.tensor([1.0, 1.0], requires_grad=True)
    aligned(error, torch.tensor([0.0, math.log(4.0)])).sum().backward()
    assert error.grad.tolist() == pytest.approx([1.0, 0.25])


def test_its_gradient_is_right():
    error, log_sigma = torch.rand(2, 5, dtype=torch.float64).requires_grad_().unbind(0)
    assert torch.autograd.gradcheck(aligned, (error.detach().requires_grad_(), log_sigma.detach().requires_grad_()))
