"""One step by hand, factors per group, and state that survives saving."""

import pytest
import torch
from torch import nn

from yolozu.optim.groups import ParameterGroup
from yolozu.optim.optimizers import build_optimizer, load_optimizer_tensors, optimizer_tensors, set_learning_rate


def two_groups(first, second):
    return [ParameterGroup("backbone", 0.5, 0.1, {"a": first}), ParameterGroup("head", 1.0, 0.0, {"b": second})]


def parameters(value=1.0):
    return nn.Parameter(torch.full((2,), value)), nn.Parameter(torch.full((2,), value))


def stepped(name, *, gradients=(1.0,), momentum=0.0, nesterov=False):
    a, b = parameters()
    optimizer = build_optimizer(two_groups(a, b), name=name, momentum=momentum, nesterov=nesterov)
    set_learning_rate(optimizer, 0.2)
    for gradient in gradients:
        a.grad, b.grad = torch.full((2,), gradient), torch.full((2,), gradient)
        optimizer.step()
    return a[0].item(), b[0].item()


def test_sgd_adds_weight_decay_to_the_gradient():
    assert stepped("sgd") == pytest.approx((1 - 0.1 * (1 + 0.1), 1 - 0.2), abs=1e-6)


def test_sgd_momentum_and_nesterov():
    assert stepped("sgd", gradients=(1.0, 1.0), momentum=0.9)[1] == pytest.approx(1 - 0.2 - 0.2 * 1.9, abs=1e-6)
    assert stepped("sgd", gradients=(1.0,), momentum=0.9, nesterov=True)[1] == pytest.approx(1 - 0.2 * 1.9, abs=1e-6)


def test_adamw_decays_apart_from_the_gradient():
    moved = 1.0 / (1.0 + 1e-8)  # the first step's bias-corrected ratio
    assert stepped("adamw") == pytest.approx((1 - 0.1 * 0.1 - 0.1 * moved, 1 - 0.2 * moved), abs=1e-6)


def test_learning_rate_0_moves_nothing():
    a, b = parameters()
    optimizer = build_optimizer(two_groups(a, b), name="adamw", momentum=0.0, nesterov=False)
    set_learning_rate(optimizer, 0.0)
    a.grad = b.grad = torch.ones(2)
    optimizer.step()
    assert torch.equal(a, torch.ones(2))
    assert torch.equal(b, torch.ones(2))


def network_and_optimizer(name):
    torch.manual_seed(0)
    network = nn.Conv2d(16, 8, 3).to(memory_format=torch.channels_last)
    groups = [ParameterGroup("all", 1.0, 0.01, dict(network.named_parameters()))]
    optimizer = build_optimizer(groups, name=name, momentum=0.9, nesterov=False)
    set_learning_rate(optimizer, 0.1)
    return network, groups, optimizer


def train(network, optimizer, steps, seed):
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        optimizer.zero_grad()
        network(torch.randn(2, 16, 5, 5, generator=generator)).square().mean().backward()
        optimizer.step()


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_saved_state_goes_on_bit_for_bit_in_the_parameters_memory_layout(name):
    network, groups, optimizer = network_and_optimizer(name)
    train(network, optimizer, 3, seed=1)
    saved = {key: tensor.clone().contiguous() for key, tensor in optimizer_tensors(optimizer, groups).items()}
    weights = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    train(network, optimizer, 2, seed=2)

    other, other_groups, resumed = network_and_optimizer(name)
    other.load_state_dict(weights)
    load_optimizer_tensors(resumed, other_groups, saved)
    entry = "weight/exp_avg" if name == "adamw" else "weight/momentum_buffer"
    assert optimizer_tensors(resumed, other_groups)[entry].stride() == other.weight.stride()
    train(other, resumed, 2, seed=2)
    assert all(torch.equal(tensor, other.state_dict()[key]) for key, tensor in network.state_dict().items())


def test_state_of_unknown_parameters_or_shapes_is_refused():
    _, groups, optimizer = network_and_optimizer("adamw")
    with pytest.raises(ValueError, match="parameters that are not trained: elsewhere"):
        load_optimizer_tensors(optimizer, groups, {"elsewhere/exp_avg": torch.zeros(2)})
    with pytest.raises(ValueError, match=r"bias/exp_avg is \(2,\), its parameter \(8,\)"):
        load_optimizer_tensors(optimizer, groups, {"bias/exp_avg": torch.zeros(2)})


def test_sgd_without_momentum_has_no_state():
    _, groups, optimizer = network_and_optimizer("sgd")
    assert optimizer_tensors(optimizer, groups) == {}


@pytest.mark.parametrize("name", ["adamw", "sgd"])
@pytest.mark.parametrize("nesterov", [False, True])
def test_parameters_of_one_group_may_begin_at_different_times(name, nesterov):
    """As a head that another phase has held, or an embedding that the first images had no use for."""
    early, late = nn.Parameter(torch.full((2,), 1.0)), nn.Parameter(torch.full((2,), 1.0))
    groups = [ParameterGroup("all", 1.0, 0.1, {"early": early, "late": late})]
    optimizer = build_optimizer(groups, name=name, momentum=0.9, nesterov=nesterov and name == "sgd")
    set_learning_rate(optimizer, 0.1)
    early.grad = torch.full((2,), 2.0)
    optimizer.step()
    after_one = early.detach().clone()
    assert torch.equal(late, torch.ones(2))
    assert not any(key.startswith("late") for key in optimizer_tensors(optimizer, groups))
    early.grad, late.grad = torch.ones(2), torch.full((2,), 2.0)
    optimizer.step()
    assert torch.equal(late, after_one)
    assert (early < after_one).all()
