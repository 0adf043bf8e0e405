"""Adapters: fresh ones change nothing, what they learn is theirs, and they come off without a trace."""

import pytest
import torch
from torch import nn

from tests.fixtures.exported import random_checkpoint
from yolozu.model.loading import detector_from
from yolozu.tuning.lora import attach_lora, can_be_adapted, detach_lora, has_lora, is_lora_parameter


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 6, 1, stride=2), nn.Flatten(), nn.Linear(24, 5))


def test_layers_of_single_cells_are_adapted_and_named():
    net = network()
    assert attach_lora(net, rank=2, alpha=4.0, seed=0) == ["1", "3"]
    assert has_lora(net)
    names = [name for name, _ in net.named_parameters() if is_lora_parameter(name)]
    assert names == ["1.lora_down.weight", "1.lora_up.weight", "3.lora_down.weight", "3.lora_up.weight"]


@pytest.mark.parametrize(
    ("layer", "adapted"),
    [
        (nn.Linear(3, 3), True),
        (nn.Conv2d(4, 4, 1), True),
        (nn.Conv2d(4, 4, 1, groups=2), False),
        (nn.Conv2d(4, 4, 3), False),
        (nn.Conv2d(4, 4, 1, padding=1), False),
        (nn.LayerNorm(4), False),
    ],
)
def test_which_layers_can_be_adapted(layer, adapted):
    assert can_be_adapted(layer) is adapted


def test_fresh_adapters_change_no_bit_of_a_detector():
    detector = detector_from(random_checkpoint(seed=0))
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        before = detector(images).named()
        attach_lora(detector, rank=4, alpha=4.0, seed=1)
        after = detector(images).named()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_an_adapter_adds_its_low_rank_product():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 3))
    base = net[0].weight.detach().clone()
    attach_lora(net, rank=2, alpha=6.0, seed=0)
    with torch.no_grad():
        net[0].lora_up.weight.normal_()
    merged = base + 3.0 * net[0].lora_up.weight @ net[0].lora_down.weight
    values = torch.rand(5, 4)
    torch.testing.assert_close(net(values), values @ merged.T + net[0].base.bias)


def test_detaching_brings_the_network_back():
    net = network()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    layers = list(net)
    attach_lora(net, rank=2, alpha=2.0, seed=0)
    with torch.no_grad():
        net[3].lora_up.weight.fill_(1.0)
    detach_lora(net)
    assert list(net) == layers
    assert not has_lora(net)
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


def test_attaching_twice_adds_nothing():
    net = network()
    attach_lora(net, rank=2, alpha=2.0, seed=0)
    assert attach_lora(net, rank=2, alpha=2.0, seed=0) == []


def test_the_seed_decides_the_first_weights():
    first, second, third = network(), network(), network()
    for net, seed in ((first, 3), (second, 3), (third, 4)):
        attach_lora(net, rank=2, alpha=2.0, seed=seed)
    assert torch.equal(first[3].lora_down.weight, second[3].lora_down.weight)
    assert not torch.equal(first[3].lora_down.weight, third[3].lora_down.weight)
