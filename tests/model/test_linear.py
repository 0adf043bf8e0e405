"""The Linear of the detector."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from yolozu.model.linear import Linear


def test_it_is_a_linear_to_adapters_quantizers_and_state_dicts():
    assert isinstance(Linear(2, 3), nn.Linear)
    assert list(Linear(2, 3).state_dict()) == ["weight", "bias"]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(2, 5, 6), (1, 1, 6), (3, 1, 6), (0, 5, 6), (5, 6), (2, 3, 4, 6)])
def test_values_and_gradients_are_those_of_a_linear_layer(shape, bias):
    torch.manual_seed(0)
    layer = Linear(6, 4, bias=bias)
    values = torch.randn(shape, requires_grad=True)
    outputs = [layer(values), F.linear(values, layer.weight, layer.bias)]
    torch.testing.assert_close(*outputs)
    wanted = [values, *layer.parameters()]
    weights = torch.randn_like(outputs[0])
    ours, theirs = (torch.autograd.grad((output * weights).sum(), wanted) for output in outputs)
    torch.testing.assert_close(ours, theirs)


def test_a_transposed_input_is_read_by_its_strides():
    layer, values = Linear(6, 4), torch.randn(2, 6, 5).transpose(1, 2)
    torch.testing.assert_close(layer(values), F.linear(values, layer.weight, layer.bias))


def test_the_result_lies_in_memory_as_that_of_a_linear_layer():
    assert Linear(6, 4)(torch.randn(3, 5, 6)).is_contiguous()
    assert Linear(6, 4)(torch.randn(1, 5, 6)).is_contiguous()


def test_autocast_and_export_see_a_linear_layer():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert Linear(6, 4)(torch.randn(2, 5, 6)).dtype == torch.bfloat16
    graph = torch.export.export(Linear(6, 4), (torch.randn(2, 5, 6),)).graph
    called = {str(node.target) for node in graph.nodes if node.op == "call_function"}
    assert called == {"aten.linear.default"}
