"""Varifocal loss."""

import math

import pytest
import torch
from torch.nn import functional as F

from yolozu.losses.varifocal import varifocal_loss


def test_values_worked_out_by_hand():
    logits = torch.zeros(2, 2)  # every score is 1/2
    loss = varifocal_loss(logits, torch.tensor([1]), torch.tensor([0]), torch.tensor([0.8]))
    negative = 0.75 * 0.5**2 * math.log(2)
    positive = 0.8 * math.log(2)  # -q (q log 1/2 + (1 - q) log 1/2)
    assert loss.tolist() == pytest.approx([2 * negative, positive + negative])


def test_a_positive_is_weighted_by_its_quality():
    logits = torch.tensor([[2.0]])
    score, quality = torch.sigmoid(logits).item(), 0.6
    expected = -quality * (quality * math.log(score) + (1 - quality) * math.log(1 - score))
    loss = varifocal_loss(logits, torch.tensor([0]), torch.tensor([0]), torch.tensor([quality]))
    assert loss.item() == pytest.approx(expected)


def test_the_gradient_pulls_scores_to_the_quality_and_ignores_the_weights():
    logits = torch.tensor([[0.3, -1.2]], requires_grad=True)
    quality = torch.tensor([0.7], requires_grad=True)
    varifocal_loss(logits, torch.tensor([0]), torch.tensor([0]), quality).sum().backward()
    score = logits.detach().sigmoid()[0]
    expected = [0.7 * (score[0] - 0.7).item(), (0.75 * score[1] ** 2 * score[1]).item()]
    assert logits.grad[0].tolist() == pytest.approx(expected)
    assert quality.grad is None


def test_without_matches_it_is_the_weighted_cross_entropy_of_background():
    logits = torch.randn(4, 3)
    none = torch.zeros(0, dtype=torch.int64)
    expected = (0.75 * logits.sigmoid() ** 2 * F.softplus(logits)).sum(1)
    torch.testing.assert_close(varifocal_loss(logits, none, none, torch.zeros(0)), expected)


def test_alpha_and_gamma_shape_the_negatives():
    none = torch.zeros(0, dtype=torch.int64)
    loss = varifocal_loss(torch.zeros(1, 1), none, none, torch.zeros(0), alpha=1.0, gamma=1.0)
    assert loss.item() == pytest.approx(0.5 * math.log(2))
