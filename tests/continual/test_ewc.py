"""Elastic weight consolidation on two parameters, against numbers worked out by hand."""

import torch
from torch import nn

from yolozu.continual.base import Held, Regularizers, RegularizerSettings
from yolozu.continual.ewc import ElasticWeightConsolidation


def two(a, b):
    return {"a": nn.Parameter(torch.tensor([a])), "b": nn.Parameter(torch.tensor([b]))}


def held(importance, anchor):
    return Held(*({"a": torch.tensor([a]), "b": torch.tensor([b])} for a, b in (importance, anchor)))


def test_penalty_and_gradient():
    """F = (4, 1), away = (3 - 1, 0 - 2) = (2, -2): 0.5 * 0.5 * (4 * 4 + 1 * 4) = 5; 0.5 * F * away = (4, -1)."""
    weights = two(3.0, 0.0)
    ewc = ElasticWeightConsolidation(weights, RegularizerSettings(0.5), held((4.0, 1.0), (1.0, 2.0)))
    weights["a"].grad = torch.tensor([10.0])
    assert float(ewc.add_gradient()) == 5.0
    assert weights["a"].grad.tolist() == [14.0]
    assert weights["b"].grad.tolist() == [-1.0]


def test_one_step_of_gradient_descent():
    """Loss (a - b)^2 at (3, 0) has gradient (6, -6); with the penalty's (4, -1), a rate of 0.1 leads to (2, 0.7)."""
    weights = two(3.0, 0.0)
    settings = RegularizerSettings(0.5)
    regularizers = Regularizers({"ewc": ElasticWeightConsolidation(weights, settings, held((4.0, 1.0), (1.0, 2.0)))})
    optimizer = torch.optim.SGD(weights.values(), lr=0.1)
    (weights["a"] - weights["b"]).square().sum().backward()
    assert regularizers.add_gradients() == {"ewc": 5.0}
    optimizer.step()
    regularizers.after_step()
    torch.testing.assert_close(torch.cat([weights["a"], weights["b"]]).detach(), torch.tensor([2.0, 0.7]))


def test_the_importance_of_a_task_is_the_mean_squared_gradient():
    weights = two(3.0, 0.0)
    ewc = ElasticWeightConsolidation(weights, RegularizerSettings(0.5), None)
    squares = {"a": torch.tensor([9.0]), "b": torch.tensor([0.0])}
    assert ewc.own_importance(lambda: squares) == squares
    assert ewc.tensors() == {}
