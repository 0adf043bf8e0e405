"""The moving average, by hand."""

import pytest
import torch
from torch import nn

from yolozu.optim.ema import MovingAverage


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2))
        self.norm = nn.BatchNorm1d(1)
        self.register_buffer("derived", torch.full((1,), torch.inf), persistent=False)


def test_decay_grows_with_the_updates_up_to_its_limit():
    network = Network()
    average = MovingAverage(network, decay=0.25)
    with torch.no_grad():
        network.weight.fill_(1.0)
    expected = 0.0
    for update in range(5):
        average.update()
        decay = min(0.25, (1 + update) / (10 + update))
        expected = decay * expected + (1 - decay) * 1.0
        assert average.detector.weight[0].item() == pytest.approx(expected, abs=1e-6)
    assert average.updates == 5


def test_running_statistics_are_averaged_counters_copied_and_derived_buffers_left_alone():
    network = Network()
    average = MovingAverage(network, decay=0.9)
    network.norm.running_mean.fill_(10.0)
    network.norm.num_batches_tracked.fill_(7)
    average.update()
    assert average.detector.norm.running_mean.item() == pytest.approx(9.0)  # the first decay is 1 / 10
    assert average.detector.norm.num_batches_tracked.item() == 7
    assert average.detector.derived.item() == torch.inf


def test_a_shared_parameter_moves_once_an_update():
    network = nn.ModuleDict({"a": nn.Linear(1, 1, bias=False), "b": nn.Linear(1, 1, bias=False)})
    network["b"].weight = network["a"].weight
    with torch.no_grad():
        network["a"].weight.fill_(0.0)
    average = MovingAverage(network, decay=0.9)
    with torch.no_grad():
        network["a"].weight.fill_(1.0)
    average.update()
    assert average.detector["b"].weight.item() == pytest.approx(0.9)


def test_what_is_frozen_is_one_tensor_and_stays():
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    network[0].requires_grad_(False)
    average = MovingAverage(network, decay=0.9)
    assert average.detector[0].weight is network[0].weight
    before = network[0].weight.clone()
    with torch.no_grad():
        network[1].weight.fill_(1.0)
    average.update()
    assert torch.equal(network[0].weight, before)
    assert average.tensors().keys() == network.state_dict().keys()
    assert not torch.equal(average.detector[1].weight, network[1].weight)


def test_the_average_is_in_eval_mode_without_gradients_and_apart_from_the_network():
    network = Network().train()
    average = MovingAverage(network, decay=0.9)
    assert not average.detector.training
    assert not any(parameter.requires_grad for parameter in average.detector.parameters())
    assert network.training
    assert network.weight.requires_grad
    assert average.tensors().keys() == network.state_dict().keys()
