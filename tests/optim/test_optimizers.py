"""Factors per group, and state that belongs to no parameter."""

import pytest
import torch

from tests.optim.stepping import network_and_optimizer, parameters, two_groups
from yolozu.optim.optimizers import build_optimizer, load_optimizer_tensors, set_learning_rate


def test_learning_rate_0_moves_nothing():
    a, b = parameters()
    optimizer = build_optimizer(two_groups(a, b), name="adamw", momentum=0.0, nesterov=False)
    set_learning_rate(optimizer, 0.0)
    a.grad = b.grad = torch.ones(2)
    optimizer.step()
    assert torch.equal(a, torch.ones(2))
    assert torch.equal(b, torch.ones(2))


def test_state_of_unknown_parameters_or_shapes_is_refused():
    _, groups, optimizer = network_and_optimizer("adamw")
    with pytest.raises(ValueError, match="parameters that are not trained: elsewhere"):
        load_optimizer_tensors(optimizer, groups, {"elsewhere/exp_avg": torch.zeros(2)})
    with pytest.raises(ValueError, match=r"bias/exp_avg is \(2,\), its parameter \(8,\)"):
        load_optimizer_tensors(optimizer, groups, {"bias/exp_avg": torch.zeros(2)})
