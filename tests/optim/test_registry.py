"""Every optimizer that a contract may name is one, and nothing stands in for another."""

import typing

import pytest
import torch

from yolozu.contract.sections.optim import OptimSection
from yolozu.errors import UsageError
from yolozu.optim.groups import ParameterGroup
from yolozu.optim.optimizers import build_optimizer, set_learning_rate
from yolozu.optim.registry import OPTIMIZERS

CHOICES = typing.get_args(OptimSection.model_fields["optimizer"].annotation)


def group():
    return ParameterGroup("all", 1.0, 0.0, {"weight": torch.nn.Parameter(torch.ones(3))})


def test_the_contract_offers_what_the_registry_has():
    assert tuple(OPTIMIZERS) == CHOICES


@pytest.mark.parametrize("name", CHOICES)
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
    with pytest.raises(UsageError, match="optimizer 'lion': YZ901 no such optimizer"):
        build_optimizer([group()], name="lion", momentum=0.9, nesterov=False)
