"""Every optimizer that a contract may name keeps the promise of the registry, and nothing stands in for another."""

import typing

import pytest
import torch

from tests.optim.stepping import network_and_optimizer, train
from yolozu.contract.sections.optim import OptimSection, ScheduleSection
from yolozu.errors import UsageError
from yolozu.optim.groups import ParameterGroup
from yolozu.optim.optimizers import build_optimizer, load_optimizer_tensors, optimizer_tensors, set_learning_rate
from yolozu.optim.registry import OPTIMIZERS, SCHEDULES


def group():
    return ParameterGroup("all", 1.0, 0.0, {"weight": torch.nn.Parameter(torch.ones(3))})


def test_the_contract_offers_what_the_registry_has():
    assert tuple(OPTIMIZERS) == typing.get_args(OptimSection.model_fields["optimizer"].annotation)
    assert tuple(SCHEDULES) == typing.get_args(ScheduleSection.model_fields["scheduler"].annotation)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_it_moves_parameters_against_their_gradient(name):
    only = group()
    optimizer = build_optimizer([only], name=name, momentum=0.9, nesterov=False)
    assert [entry["lr"] for entry in optimizer.param_groups] == [0.0]
    set_learning_rate(optimizer, 0.1)
    (parameter,) = only.parameters.values()
    parameter.grad = torch.ones(3)
    optimizer.step()
    assert (parameter < 1.0).all()


def test_a_name_without_an_entry_is_an_error_and_no_other_optimizer():
    with pytest.raises(UsageError, match="optimizer 'adamx': YZ901 no such optimizer"):
        build_optimizer([group()], name="adamx", momentum=0.9, nesterov=False)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_saved_state_goes_on_bit_for_bit_in_the_parameters_memory_layout(name):
    network, groups, optimizer = network_and_optimizer(name)
    train(network, optimizer, 3, seed=1)
    saved = {key: tensor.clone().contiguous() for key, tensor in optimizer_tensors(optimizer, groups).items()}
    weights = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    train(network, optimizer, 2, seed=2)

    other, other_groups, resumed = network_and_optimizer(name)
    other.load_state_dict(weights)
    load_optimizer_tensors(resumed, other_groups, saved)
    state = [tensor for tensor in optimizer_tensors(resumed, other_groups).values() if tensor.ndim == 4]
    assert {tensor.stride() for tensor in state} == {other.weight.stride()}
    train(other, resumed, 2, seed=2)
    assert all(torch.equal(tensor, other.state_dict()[key]) for key, tensor in network.state_dict().items())


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("nesterov", [False, True])
def test_parameters_of_one_group_may_begin_at_different_times(name, nesterov):
    """As a head that another phase has held, or an embedding that the first images had no use for."""
    early, late = torch.nn.Parameter(torch.full((2,), 1.0)), torch.nn.Parameter(torch.full((2,), 1.0))
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
