"""Synaptic intelligence on two parameters, against numbers worked out by hand."""

import pytest
import torch
from torch import nn

from yolozu.continual.base import Held, Regularizers, RegularizerSettings
from yolozu.continual.si import SynapticIntelligence


def two(a, b):
    return {"a": nn.Parameter(torch.tensor([a])), "b": nn.Parameter(torch.tensor([b]))}


def values(tensors):
    return {name: tensor.tolist() for name, tensor in tensors.items()}


def no_squares():
    raise AssertionError("the path is all it needs")


def step(weights, regularizers, optimizer, *, taken=True):
    """One of loss a^2 / 2 + 2 b."""
    optimizer.zero_grad()
    (weights["a"].square().sum() / 2 + 2 * weights["b"].sum()).backward()
    penalties = regularizers.add_gradients()
    if taken:
        optimizer.step()
        regularizers.after_step()
    return penalties


def test_two_steps_of_a_first_task():
    """From (4, 1), rate 0.5, gradient (a, 2).

    Step 1: gradient (4, 2), moves (-2, -1) to (2, 0), adds (8, 2). Step 2: gradient (2, 2), moves (-1, -1) to (1, -1),
    adds (2, 2). omega = (10, 4), Delta = (-3, -2); with epsilon 1: Omega = (10 / 10, 4 / 5).
    """
    weights = two(4.0, 1.0)
    si = SynapticIntelligence(weights, RegularizerSettings(1.0, epsilon=1.0), None)
    regularizers, optimizer = Regularizers({"si": si}), torch.optim.SGD(weights.values(), lr=0.5)
    assert [step(weights, regularizers, optimizer) for _ in range(2)] == [{}, {}]
    assert values(regularizers.tensors()) == {
        "regularizers/si/path_integral/a": [10.0],
        "regularizers/si/path_integral/b": [4.0],
        "regularizers/si/start/a": [4.0],
        "regularizers/si/start/b": [1.0],
    }
    found = si.own_importance(no_squares)
    assert (found["a"].item(), found["b"].item()) == (1.0, pytest.approx(0.8))


def test_the_path_has_the_gradient_without_the_penalty_and_the_way_with_it():
    """At (4, 1), Omega = (1, 0.5), anchor (2, 3), c = 0.5: penalty 0.5 * (1 * 4 + 0.5 * 4) = 3.

    Its gradient 2 * 0.5 * Omega * (2, -2) = (2, -1) joins (4, 2): (6, 1), so rate 0.5 moves by (-3, -0.5); the path
    gets -g * dtheta = (4 * 3, 2 * 0.5) = (12, 1).
    """
    weights = two(4.0, 1.0)
    held = Held(
        {"a": torch.tensor([1.0]), "b": torch.tensor([0.5])}, {"a": torch.tensor([2.0]), "b": torch.tensor([3.0])}
    )
    regularizers = Regularizers({"si": SynapticIntelligence(weights, RegularizerSettings(0.5), held)})
    assert step(weights, regularizers, torch.optim.SGD(weights.values(), lr=0.5)) == {"si": 3.0}
    assert values(weights) == {"a": [1.0], "b": [0.5]}
    path = {name: tensor for name, tensor in regularizers.tensors().items() if "path" in name}
    assert values(path) == {"regularizers/si/path_integral/a": [12.0], "regularizers/si/path_integral/b": [1.0]}


def test_a_step_that_is_skipped_does_not_count():
    weights = two(4.0, 1.0)
    si = SynapticIntelligence(weights, RegularizerSettings(1.0, epsilon=1.0), None)
    regularizers, optimizer = Regularizers({"si": si}), torch.optim.SGD(weights.values(), lr=0.5)
    step(weights, regularizers, optimizer, taken=False)
    step(weights, regularizers, optimizer)
    assert si.tensors()["path_integral/a"].tolist() == [8.0]


def test_a_way_that_raised_the_loss_leaves_no_importance():
    """A gradient of (1, -1) and a way of (+1, +1): omega = (-1, 1), Omega = (0, 1 / (1 + 1))."""
    weights = two(0.0, 0.0)
    si = SynapticIntelligence(weights, RegularizerSettings(1.0, epsilon=1.0), None)
    weights["a"].grad, weights["b"].grad = torch.tensor([1.0]), torch.tensor([-1.0])
    si.before_step()
    with torch.no_grad():
        weights["a"].add_(1.0)
        weights["b"].add_(1.0)
    si.after_step()
    assert values(si.own_importance(no_squares)) == {"a": [0.0], "b": [0.5]}
