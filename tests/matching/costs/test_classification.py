"""Class cost."""

import math

import pytest
import torch

from yolozu.matching.costs.classification import focal_class_cost


def test_values_worked_out_by_hand():
    logits = torch.tensor([[[[0.0, math.log(3.0)]]]])  # scores 1/2 and 3/4
    costs = focal_class_cost(logits, torch.tensor([[0, 1, 1]]))
    half = 0.25 * 0.25 * math.log(2) - 0.75 * 0.25 * math.log(2)
    three_quarters = 0.25 * (1 / 16) * math.log(4 / 3) - 0.75 * (9 / 16) * math.log(4)
    assert costs[0, 0, 0].tolist() == pytest.approx([half, three_quarters, three_quarters])


def test_higher_scores_cost_less():
    costs = focal_class_cost(torch.linspace(-20, 20, 41).view(1, 1, 41, 1), torch.tensor([[0]]))[0, 0, :, 0]
    assert (costs.diff() < 0).all()
