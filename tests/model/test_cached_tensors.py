"""Tensors remembered per shape."""

import torch

from yolozu.model.cached_tensors import cached_constant, numbers


def test_the_same_arguments_give_the_same_tensor():
    built = []

    @cached_constant
    def ones(count, device):
        built.append(count)
        return torch.ones(count, device=device)

    cpu = torch.device("cpu")
    assert ones(3, cpu) is ones(3, cpu)
    assert ones(2, cpu).shape == (2,)
    assert ones(3, torch.device("meta")).device.type == "meta"
    assert built == [3, 2, 3]


def test_a_tensor_first_made_for_inference_can_be_trained_with():
    @cached_constant
    def twos(device):
        return torch.full((2,), 2.0, device=device)

    with torch.inference_mode():
        twos(torch.device("cpu"))
    weight = torch.ones(2, requires_grad=True)
    (weight * twos(torch.device("cpu"))).sum().backward()
    assert weight.grad.tolist() == [2.0, 2.0]


def test_tracing_a_graph_leaves_no_fake_tensor_behind():
    @cached_constant
    def threes(device):
        return torch.full((2,), 3.0, device=device)

    class Added(torch.nn.Module):
        def forward(self, values):
            return values + threes(values.device)

    torch.export.export(Added(), (torch.zeros(2),))
    assert type(threes(torch.device("cpu"))) is torch.Tensor
    assert threes(torch.device("cpu")).tolist() == [3.0, 3.0]


def test_numbers_go_to_a_device_once():
    found = numbers((2.0, 3.0), torch.float64, torch.device("cpu"))
    assert torch.equal(found, torch.tensor([2.0, 3.0], dtype=torch.float64))
    assert numbers((2.0, 3.0), torch.float64, torch.device("cpu")) is found
