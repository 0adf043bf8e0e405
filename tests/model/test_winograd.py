"""3x3 convolutions by Winograd's algorithm."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from yolozu.model import winograd
from yolozu.model.convolution import ConvNorm
from yolozu.model.winograd import convolve, train_by_winograd


def convolved_twice(shape, outputs, *, bias, dtype):
    """Results and gradients, ours beside those of PyTorch's convolution."""
    torch.manual_seed(0)
    features = torch.randn(shape, dtype=dtype).contiguous(memory_format=torch.channels_last).requires_grad_()
    weight = torch.randn(outputs, shape[1], 3, 3, dtype=dtype, requires_grad=True)
    wanted = [features, weight, *([torch.randn(outputs, dtype=dtype, requires_grad=True)] if bias else [])]
    both = []
    for result in (winograd.winograd(*wanted), F.conv2d(*wanted, padding=1)):
        factors = torch.linspace(-1.0, 1.0, result.numel(), dtype=dtype).view_as(result)
        both.append([result, *torch.autograd.grad((result * factors).sum(), wanted)])
    return both


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("size", [(1, 1), (3, 4), (4, 4), (8, 12), (5, 6), (9, 7)])
def test_it_is_the_convolution_and_its_gradients_for_maps_of_any_size(size, bias):
    for ours, theirs in zip(*convolved_twice((2, 3, *size), 5, bias=bias, dtype=torch.float64), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


def test_float32_is_rounded_to_a_few_millionths_of_the_largest_number():
    for ours, theirs in zip(*convolved_twice((2, 128, 12, 20), 128, bias=True, dtype=torch.float32), strict=True):
        assert (ours - theirs).abs().max() < 2e-5 * theirs.abs().max()


def test_results_and_gradients_lie_channels_last():
    (result, features, weight), _ = convolved_twice((2, 3, 9, 7), 5, bias=False, dtype=torch.float32)
    assert all(found.is_contiguous(memory_format=torch.channels_last) for found in (result, features, weight))


@pytest.mark.parametrize("size", [8, 9])
def test_what_follows_may_write_into_the_result(size):
    weight = torch.randn(3, 2, 3, 3, requires_grad=True)
    winograd.winograd(torch.randn(1, 2, size, size), weight).relu_().sum().backward()


def test_frozen_weights_and_first_layers_get_no_gradient():
    features, weight = torch.randn(1, 2, 8, 8), torch.randn(3, 2, 3, 3, requires_grad=True)
    winograd.winograd(features, weight).sum().backward()
    assert (features.grad, weight.grad.shape) == (None, weight.shape)
    weight.requires_grad_(False).grad = None
    winograd.winograd(features.requires_grad_(), weight).sum().backward()
    assert (features.grad.shape, weight.grad) == (features.shape, None)


def test_wide_convolutions_of_stride_1_alone_are_changed():
    layers = nn.ModuleDict(
        {
            "wide": ConvNorm(128, 128, 3, activation="relu"),
            "narrow": ConvNorm(128, 64, 3, activation="relu"),
            "strided": ConvNorm(128, 128, 3, stride=2, activation="relu"),
            "pointwise": ConvNorm(128, 128, 1, activation="relu"),
        }
    )
    train_by_winograd(layers)
    assert [name for name, layer in layers.items() if layer.convolve is not None] == ["wide"]
    assert copy.deepcopy(layers["wide"]).convolve is convolve


@pytest.mark.parametrize("norm", ["bn", "frozenbn"])
def test_training_passes_alone_compute_so(norm, monkeypatch):
    done = []
    monkeypatch.setattr(winograd, "winograd", lambda *given: done.append(given) or F.conv2d(*given, padding=1))
    layer, maps = ConvNorm(128, 128, 3, activation="relu", norm=norm), torch.randn(1, 128, 32, 32)
    expected = layer(maps)
    train_by_winograd(layer)
    torch.testing.assert_close(layer(maps), expected)
    assert len(done) == 1
    layer(maps[..., :28])  # too few tiles
    with torch.autocast("cpu", dtype=torch.bfloat16):
        layer(maps)
    with torch.no_grad():
        layer(maps)
    layer.eval()(maps)
    assert len(done) == 1
