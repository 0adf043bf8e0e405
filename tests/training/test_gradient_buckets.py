"""Gradients are added up while others are computed: in a fixed order, with the sums that adding them behind gives."""

import time

import pytest
import torch
from torch import nn

from tests.training.several import together
from yolozu.training import gradient_buckets
from yolozu.training.distributed import SINGLE_PROCESS, Group, LostPeerError
from yolozu.training.gradient_buckets import GradientBuckets, bucketed

pytestmark = pytest.mark.slow


def layers(count=4):
    """Linear layers of 4 numbers each, one behind the other; the same in every process."""
    torch.manual_seed(0)
    return nn.Sequential(*(nn.Linear(2, 2, bias=False) for _ in range(count)))


def gradients(network):
    return [None if entry.grad is None else entry.grad.tolist() for entry in network.parameters()]


def test_buckets_hold_the_parameters_in_order_and_are_not_larger_than_allowed(monkeypatch):
    monkeypatch.setattr(gradient_buckets, "BUCKET", 5)
    sizes = (2, 3, 1, 9, 4)
    parameters = [nn.Parameter(torch.zeros(size)) for size in sizes]
    parameters.append(nn.Parameter(torch.zeros(1, dtype=torch.float64)))
    found = [[entry.numel() for entry in bucket] for bucket in bucketed(parameters)]
    assert found == [[2, 3], [1], [9], [4], [1]]
    assert list(bucketed([])) == []


class Listening(Group):
    """The first of two processes, the other of which has the same gradients; notes what is sent, and when."""

    size = 2

    def __init__(self):
        self.events = []

    def start_sum(self, tensor):
        self.events.append(f"send {tensor.numel()}")
        tensor.mul_(2.0)
        return lambda: self.events.append(f"wait {tensor.numel()}")


def watched(monkeypatch, network, *, overlapping=True):
    """(what is sent, buckets of one layer each), with the layers' arrivals among the former."""
    monkeypatch.setattr(gradient_buckets, "BUCKET", 4)
    group = Listening()
    for place, entry in enumerate(network.parameters()):
        entry.register_post_accumulate_grad_hook(lambda _, place=place: group.events.append(f"layer {place}"))
    return group, GradientBuckets(list(network.parameters()), group, overlapping=overlapping)


def test_a_bucket_is_sent_as_soon_as_its_gradients_are_there(monkeypatch):
    network = layers(3)
    group, buckets = watched(monkeypatch, network)
    with buckets.last_backward():
        network(torch.ones(1, 2)).sum().backward()
    assert group.events == ["layer 2", "send 5", "layer 1", "send 5", "layer 0", "send 5"]
    buckets.wait()
    assert group.events[6:] == ["wait 5"] * 3


def test_sent_behind_the_pass_if_asked_with_the_same_sums(monkeypatch):
    found = []
    for overlapping in (True, False):
        network = layers(3)
        group, buckets = watched(monkeypatch, network, overlapping=overlapping)
        with buckets.last_backward():
            network(torch.ones(1, 2)).sum().backward()
        buckets.wait()
        found.append(gradients(network))
    assert group.events == ["layer 2", "layer 1", "layer 0", *["send 5"] * 3, *["wait 5"] * 3]
    assert found[0] == found[1]


def test_only_the_last_backward_pass_of_a_step_sends(monkeypatch):
    network, alone = layers(2), layers(2)
    group, buckets = watched(monkeypatch, network)
    for image in (1.0, 2.0):
        alone(torch.full((1, 2), image)).sum().backward()
    network(torch.ones(1, 2)).sum().backward()
    assert group.events == ["layer 1", "layer 0"]
    with buckets.last_backward():
        network(torch.full((1, 2), 2.0)).sum().backward()
    buckets.wait()
    assert [(torch.tensor(grad) / 2).tolist() for grad in gradients(network)] == gradients(alone)


def test_what_has_no_gradient_waits_for_the_end_of_the_pass_and_so_does_all_behind_it(monkeypatch):
    """The order stays; which bucket is complete first is no matter."""
    network = layers(3)
    group, buckets = watched(monkeypatch, network)
    with buckets.last_backward():
        network[0](torch.ones(1, 2)).sum().backward()
    assert group.events == ["layer 0", "send 5", "send 5", "send 5"]
    buckets.wait()
    assert [grad is None for grad in gradients(network)] == [False, True, True]


def test_what_is_frozen_has_no_bucket(monkeypatch):
    network = layers(3)
    group, buckets = watched(monkeypatch, network)
    network[1].requires_grad_(False)
    with buckets.last_backward():
        network(torch.ones(1, 2)).sum().backward()
    buckets.wait()
    assert group.events.count("send 5") == 2
    assert network[1].weight.grad is None
    network[1].requires_grad_(True)
    with buckets.last_backward():
        network(torch.ones(1, 2)).sum().backward()
    assert group.events.count("send 5") == 5


def test_who_is_alone_sends_nothing():
    network = layers()
    buckets = GradientBuckets(list(network.parameters()), SINGLE_PROCESS)
    with buckets.last_backward():
        network(torch.ones(1, 2)).sum().backward()
    before = gradients(network)
    buckets.wait()
    assert gradients(network) == before


def test_a_pass_that_fails_sends_nothing_more_and_the_next_one_all(monkeypatch):
    network = layers(2)
    group, buckets = watched(monkeypatch, network)
    with pytest.raises(ZeroDivisionError), buckets.last_backward():
        raise ZeroDivisionError
    assert group.events == []
    with buckets.last_backward():
        network(torch.ones(1, 2)).sum().backward()
    buckets.wait()
    assert group.events.count("wait 5") == 2


def uneven(group):
    """Of four layers: all processes have the first, one the second, the last one the third, and nobody the fourth."""
    gradient_buckets.BUCKET = 4
    network = layers(4)
    turned = nn.Parameter(torch.zeros(3, 2).t())  # another order in memory
    buckets = GradientBuckets([*network.parameters(), turned], group)
    results = []
    for _ in range(2):
        network.zero_grad()
        with buckets.last_backward():
            total = network[0](torch.full((1, 2), 1.0 + group.rank)).sum() + (turned * torch.arange(3.0)).sum()
            total = total + (network[1](torch.ones(1, 2)).sum() if group.is_first else 0.0)
            total = total + (network[2](torch.ones(1, 2)).sum() if group.rank == group.size - 1 else 0.0)
            total.backward()
        if group.rank == 1:
            time.sleep(0.1)
        said = group.all_gather(group.rank)  # while sums are under way
        buckets.wait()
        results.append((said, gradients(network), turned.grad.tolist(), turned.grad.stride()))
        turned.grad = None
    return results


def test_gradients_that_only_some_processes_have():
    first, *others = together(uneven, size=3)
    assert all(other == first for other in others)
    ones = [[1.0, 1.0]] * 2
    assert first == [([0, 1, 2], [[[6.0, 6.0]] * 2, ones, ones, None], [[0.0, 3.0, 6.0]] * 2, (1, 2))] * 2


def without_images(group):
    """A process that has none of the last batch's images makes no pass at all."""
    network = layers(2)
    buckets = GradientBuckets(list(network.parameters()), group)
    with buckets.last_backward():
        if group.is_first:
            network(torch.ones(1, 2)).sum().backward()
    buckets.wait()
    return gradients(network)


def test_a_process_without_images_has_the_sums_too():
    alone = layers(2)
    alone(torch.ones(1, 2)).sum().backward()
    assert together(without_images) == [gradients(alone)] * 2


def failing(group):
    """The first process meets an error in the middle of its pass, when one bucket of two is on its way."""
    gradient_buckets.BUCKET = 4
    network = layers(2)
    buckets = GradientBuckets(list(network.parameters()), group)

    def fail(grad):
        raise ZeroDivisionError

    if group.is_first:
        network[0].weight.register_hook(fail)
    try:
        with buckets.last_backward():
            network(torch.ones(1, 2)).sum().backward()
        buckets.wait()
    except (ZeroDivisionError, LostPeerError) as error:
        return type(error).__name__, getattr(error, "codes", None) and str(error).partition(" another")[0]
    return "nobody was missed"


def test_an_error_in_the_middle_of_a_pass_ends_all():
    began = time.monotonic()
    first, second = together(failing)
    assert first == ("ZeroDivisionError", None)
    assert second[0] == "LostPeerError"
    assert time.monotonic() - began < 60.0
