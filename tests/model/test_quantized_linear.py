"""Linear layers with frozen weights of few bits."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from yolozu.model.linear import Linear
from yolozu.model.quantized_linear import (
    QuantizedLinear,
    QuantizedWeight,
    count_numbers,
    is_quantized_parameter,
    packed,
    whole_tensors,
    whole_weight,
)


def layer(bits, *, bias=True, inputs=8, outputs=3):
    torch.manual_seed(0)
    codes = torch.randint(-8, 8, (outputs, inputs), dtype=torch.int8)
    groups = 2 if bits == 4 else 1
    weight = QuantizedWeight(packed(codes) if bits == 4 else codes, torch.rand(outputs, groups))
    return QuantizedLinear(weight, nn.Parameter(torch.randn(outputs)) if bias else None)


def test_four_bits_are_two_codes_a_byte():
    codes = torch.tensor([[-8, 7, 0, -1]], dtype=torch.int8)
    assert packed(codes).tolist() == [[0xF0, 0x78]]
    scale = torch.tensor([[0.5, 2.0]])  # of the first two inputs, and of the others
    assert whole_weight(packed(codes), scale).tolist() == [[-4.0, 3.5, 0.0, -2.0]]


def test_eight_bits_have_a_scale_for_each_output():
    codes = torch.tensor([[-127, 2], [3, 4]], dtype=torch.int8)
    assert whole_weight(codes, torch.tensor([[1.0], [0.25]])).tolist() == [[-127.0, 2.0], [0.75, 1.0]]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("bits", [4, 8])
def test_values_and_gradients_are_those_of_the_whole_layer(bits, bias):
    quantized = layer(bits, bias=bias)
    values = torch.randn(2, 5, 8, requires_grad=True)
    outputs = [quantized(values), F.linear(values, quantized.weight(), quantized.bias)]
    torch.testing.assert_close(*outputs)
    wanted = [values, *([quantized.bias] if bias else [])]
    weights = torch.randn_like(outputs[0])
    ours, theirs = (torch.autograd.grad((output * weights).sum(), wanted) for output in outputs)
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("bits", [4, 8])
def test_the_whole_weight_is_not_kept_for_the_gradient(bits):
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: kept.append(tensor) or tensor, lambda tensor: tensor):
        layer(bits)(torch.randn(4, 8, requires_grad=True))
    assert [tensor.dtype for tensor in kept] == [torch.uint8 if bits == 4 else torch.int8, torch.float32]


def test_autocast_is_as_of_a_linear_layer():
    quantized, values = layer(4), torch.randn(2, 8, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        result = quantized(values)
        assert result.dtype == torch.bfloat16
        torch.testing.assert_close(result, F.linear(values, quantized.weight(), quantized.bias))
    result.float().sum().backward()
    assert values.grad.dtype == quantized.bias.grad.dtype == torch.float32


def test_no_part_of_the_weight_ever_learns():
    quantized = layer(4)
    assert [name for name, own in quantized.named_parameters() if own.requires_grad] == ["bias"]
    assert not [*quantized.buffers()], "trainings copy buffers at every step"


def test_its_state_is_plain_tensors_of_the_form_that_a_hollow_layer_has():
    for bits, groups in ((4, 2), (8, 1)):
        quantized = layer(bits)
        hollow = QuantizedLinear.hollow(nn.Linear(8, 3), bits=bits, groups=groups)
        state = quantized.state_dict()
        assert list(state) == ["bias", "weight.qdata", "weight.scale"]
        assert all(type(tensor) is torch.Tensor for tensor in state.values())
        hollow.load_state_dict(state, strict=True)
        values = torch.randn(2, 8)
        assert torch.equal(hollow(values), quantized(values))
        assert torch.equal(copy.deepcopy(quantized)(values), quantized(values))


@pytest.mark.parametrize("bias", [True, False])
def test_a_whole_layer_computes_the_same(bias):
    quantized, values = layer(4, bias=bias), torch.randn(2, 8)
    whole = quantized.eval().whole()
    assert isinstance(whole, Linear)
    assert not whole.training
    assert torch.equal(whole(values), quantized(values))


def test_a_state_dict_is_made_whole_by_name():
    quantized, other = layer(8), nn.Linear(2, 2)
    tensors = {f"a.{name}": tensor for name, tensor in quantized.state_dict().items()}
    tensors |= {f"b.{name}": tensor for name, tensor in other.state_dict().items()}
    whole = whole_tensors(tensors)
    assert sorted(whole) == ["a.bias", "a.weight", "b.bias", "b.weight"]
    assert torch.equal(whole["a.weight"], quantized.weight())
    assert torch.equal(whole["b.weight"], other.weight)


def test_its_bytes_are_those_of_codes_and_scales():
    assert layer(4).weight.nbytes == 3 * 4 + 3 * 2 * 4
    assert layer(8).weight.nbytes == 3 * 8 + 3 * 4


@pytest.mark.parametrize("bits", [4, 8])
def test_it_counts_as_the_layer_that_it_stands_for(bits):
    assert count_numbers(nn.Sequential(layer(bits), nn.Linear(3, 2))) == 8 * 3 + 3 + 3 * 2 + 2
    assert count_numbers(nn.Sequential(layer(bits), nn.Linear(3, 2)), learning=True) == 3 + 3 * 2 + 2


def test_its_tensors_are_known_by_name():
    assert is_quantized_parameter("decoder.layers.0.feed_forward.linear1.base.weight.qdata")
    assert is_quantized_parameter("weight.scale")
    assert not is_quantized_parameter("decoder.scale")
    assert not is_quantized_parameter("linear1.weight")
