"""Every regularizer of the registry: no penalty in a first task, the penalty's own gradient, a state that returns."""

import pytest
import torch
from torch import nn

from yolozu.continual.base import Held, Regularizer, Regularizers, RegularizerSettings
from yolozu.continual.registry import REGULARIZERS

SETTINGS = RegularizerSettings(strength=0.7, epsilon=0.01)


def parameters(seed):
    generator = torch.Generator().manual_seed(seed)
    shapes = {"a.weight": (3, 2), "a.bias": (3,), "conv.weight": (2, 3, 1, 1)}
    return {name: nn.Parameter(torch.randn(shape, generator=generator)) for name, shape in shapes.items()}


def held(seed=7):
    return Held(
        {name: value.detach().abs() for name, value in parameters(seed).items()},
        {name: value.detach() for name, value in parameters(seed + 1).items()},
    )


@pytest.fixture(params=list(REGULARIZERS))
def kind(request):
    found = REGULARIZERS.load(request.param)
    assert issubclass(found, Regularizer)
    assert found.name == request.param
    return found


def test_a_first_task_has_no_penalty(kind):
    own = parameters(0)
    assert Regularizers({kind.name: kind(own, SETTINGS, None)}).add_gradients() == {}
    assert all(parameter.grad is None for parameter in own.values())


def test_what_it_adds_is_the_gradient_of_the_penalty(kind):
    own, asked = parameters(0), held()
    regularizer = kind(own, SETTINGS, asked)
    away = [asked.importance[name] * (own[name] - asked.anchor[name]).square() for name in own]
    penalty = regularizer.scale * torch.stack([term.sum() for term in away]).sum()
    wanted = torch.autograd.grad(penalty, list(own.values()))
    own["a.bias"].grad = torch.full((3,), 2.0)
    added = regularizer.add_gradient()
    torch.testing.assert_close(added, penalty.detach())
    torch.testing.assert_close(own["a.weight"].grad, wanted[0])
    torch.testing.assert_close(own["a.bias"].grad, wanted[1] + 2.0)
    torch.testing.assert_close(own["conv.weight"].grad, wanted[2])


def test_a_weight_that_does_not_learn_in_this_step_gets_no_gradient(kind):
    own = parameters(0)
    own["a.bias"].requires_grad_(False)
    kind(own, SETTINGS, held()).add_gradient()
    assert own["a.bias"].grad is None
    assert own["a.weight"].grad is not None


def test_the_state_comes_back_to_the_bit_and_goes_on_alike(kind):
    def steps(regularizers, own, count, seed):
        generator = torch.Generator().manual_seed(seed)
        for _ in range(count):
            for parameter in own.values():
                parameter.grad = torch.randn(parameter.shape, generator=generator)
            regularizers.add_gradients()
            with torch.no_grad():
                for parameter in own.values():
                    parameter.sub_(0.1 * parameter.grad)
            regularizers.after_step()

    first, second = parameters(0), parameters(5)
    one = Regularizers({kind.name: kind(first, SETTINGS, held())})
    other = Regularizers({kind.name: kind(second, SETTINGS, held())})
    steps(one, first, 3, seed=1)
    saved = {name: tensor.clone() for name, tensor in one.tensors().items()}
    assert other.load({**saved, "a.weight/exp_avg": torch.zeros(1)}) == {"a.weight/exp_avg": torch.zeros(1)}
    with torch.no_grad():
        for name, parameter in second.items():
            parameter.copy_(first[name])
    steps(one, first, 2, seed=2)
    steps(other, second, 2, seed=2)
    assert one.tensors().keys() == other.tensors().keys()
    assert all(torch.equal(tensor, other.tensors()[name]) for name, tensor in one.tensors().items())
    squares = {name: torch.ones_like(parameter) for name, parameter in first.items()}
    for name, tensor in one.members[kind.name].own_importance(lambda: squares).items():
        assert bool((tensor >= 0.0).all())
        assert torch.equal(tensor, other.members[kind.name].own_importance(lambda: squares)[name])
