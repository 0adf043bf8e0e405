"""Which place is named for numbers that are planted here and there."""

import math
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from yolozu.training.non_finite.locate import Anomaly, Values, Watch, number, overflowing_norm, watching


class Overflow(torch.autograd.Function):
    """The identity, with an infinite gradient."""

    @staticmethod
    def forward(_, values):
        return values.clone()

    @staticmethod
    def backward(_, gradient):
        return gradient * torch.inf


class Steep(nn.Module):
    def forward(self, values):
        return Overflow.apply(values)


@dataclass
class Out:
    """What a detector gives is no tensor either."""

    logits: Tensor
    labels: Tensor


class Net(nn.Module):
    """first -> (times ``between``) -> second -> ``last``."""

    def __init__(self, between=1.0, last=None):
        super().__init__()
        self.first, self.second = nn.Linear(2, 2), nn.Linear(2, 2)
        self.between, self.last = between, nn.Identity() if last is None else last
        with torch.no_grad():
            for layer in (self.first, self.second):
                layer.weight.copy_(torch.eye(2))
                layer.bias.zero_()

    def forward(self, values):
        return Out(self.last(self.second(self.first(values) * self.between)), torch.zeros(2, dtype=torch.int64))


def looked(net, values=None, scale=1.0):
    with watching(net) as watch:
        watch.begin(1)
        out = net(torch.tensor([[1.0, 2.0]]) if values is None else values)
        if watch.found is None:
            (out.logits.sum() * scale).backward()
    return watch.found


def test_nothing_is_found_where_all_is_finite_and_no_hook_stays():
    net = Net()
    assert looked(net) is None
    hooks = [hook for part in net.modules() for hook in (*part._forward_hooks, *part._forward_pre_hooks)]
    assert hooks == []
    assert all(parameter._backward_hooks in (None, {}) for parameter in net.parameters())


def test_an_output_that_overflows():
    net = Net()
    with torch.no_grad():
        net.second.weight.mul_(3e38)
    assert looked(net) == Anomaly(
        "output",
        "second",
        "the output of second (Linear) is not finite, its input was",
        1,
        {
            "input.0": Values([1, 2], "float32", 1.0, 2.0, 0, 0),
            "weight": Values([2, 2], "float32", 0.0, pytest.approx(3e38), 0, 0),
            "bias": Values([2], "float32", 0.0, 0.0, 0, 0),
            "output": Values([1, 2], "float32", pytest.approx(3e38), pytest.approx(3e38), 0, 1),
        },
    )


def test_a_weight_that_was_broken_before():
    net = Net()
    with torch.no_grad():
        net.first.bias[0] = math.nan
    found = looked(net)
    assert (found.kind, found.name) == ("output", "first")
    assert found.description == "the output of first (Linear) is not finite, its bias already was not"
    assert (found.values["bias"].num_nan, found.values["output"].num_nan) == (1, 1)


def test_what_a_module_computes_between_its_parts():
    found = looked(Net(between=math.inf))
    assert (found.kind, found.name) == ("input", "second")
    assert found.description == "the input of second (Linear) is not finite, computed in detector"


def test_what_the_detector_was_given():
    found = looked(Net(), torch.tensor([[math.nan, 0.0]]))
    assert found.description == "the input of detector (Net) is not finite, what it was given"


def test_a_gradient_names_the_module_that_it_comes_back_from():
    found = looked(Net(last=Steep()))
    assert (found.kind, found.name) == ("gradient", "last")
    assert found.description == "the gradient at the output of second is not finite, it comes back from last"
    assert found.values["gradient"].num_inf == 2


def test_a_gradient_that_the_loss_gives():
    found = looked(Net(), scale=math.inf)
    assert (found.kind, found.name) == ("gradient", "second")
    assert found.description == "the gradient at the output of second is not finite, it comes back from the loss"


def test_a_parameters_own_gradient():
    found = looked(Net(), torch.tensor([[3e38, 3e38]]), scale=1e10)
    assert (found.kind, found.name) == ("gradient", "second.weight")
    assert found.description == "the gradient of second.weight is not finite"


def test_loss_terms():
    watch = Watch()
    watch.losses(torch.tensor(math.nan), {"vfl": torch.tensor(1.0), "bbox": torch.tensor(math.inf)})
    assert (watch.found.kind, watch.found.name) == ("loss", "bbox")
    assert watch.found.description == "the loss term bbox is not finite, of outputs that are"
    watch = Watch()
    watch.losses(torch.tensor(math.inf), {"vfl": torch.tensor(3e38), "bbox": torch.tensor(3e38)})
    assert watch.found.description == "the sum of the loss is not finite, of terms that are"


def test_a_norm_that_overflows_although_every_gradient_is_finite():
    parameters = {name: nn.Parameter(torch.zeros(2)) for name in ("small", "large")}
    parameters["small"].grad, parameters["large"].grad = torch.ones(2), torch.full((2,), -1e30)
    found = overflowing_norm(parameters)
    assert found.description == "every gradient is finite, their norm is not; the largest is that of large"


def test_values_survive_json_and_read_well():
    values = Values.of(torch.tensor([1.0, math.nan, -2.5, math.inf], dtype=torch.bfloat16))
    assert values.render() == "bfloat16 [4], -2.5 to 1, 1 NaN, 1 inf"
    assert Values.of(torch.full((2,), math.nan)).render() == "float32 [2], no finite value, 2 NaN"
    assert Values.of(torch.zeros(0)).render() == "float32 [0], no finite value"
    anomaly = Anomaly("output", "a", "b", 1, {"output": values})
    assert Anomaly.from_json(anomaly.to_json()) == anomaly
    assert [number(value) for value in (1.5, math.nan, -math.inf)] == [1.5, "nan", "-inf"]
