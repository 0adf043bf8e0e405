"""Convolutions with their normalization."""

import pytest
import torch
from torch import nn

from yolozu.model.convolution import ConvNorm, CspRepLayer, RepVggBlock


@pytest.mark.parametrize(
    ("kernel", "stride", "size"), [(1, 1, (6, 10)), (3, 1, (6, 10)), (3, 2, (3, 5)), (6, 2, (3, 5))]
)
def test_padding_keeps_or_halves_the_size(kernel, stride, size):
    layer = ConvNorm(3, 8, kernel, stride=stride, activation="relu")
    assert layer(torch.randn(2, 3, 6, 10)).shape == (2, 8, *size)


def test_activation_comes_last():
    layer = ConvNorm(2, 4, 1, activation="relu")
    assert (layer(torch.randn(2, 2, 4, 4)) >= 0).all()
    layer = ConvNorm(2, 4, 1, activation="none")
    assert (layer(torch.randn(2, 2, 4, 4)) < 0).any()


def test_a_frozen_normalization_is_part_of_the_convolution():
    torch.manual_seed(0)
    layer = ConvNorm(3, 8, 3, stride=2, activation="none", norm="frozenbn")
    for buffer in layer.norm.buffers():
        buffer.uniform_(0.5, 2.0)
    features = torch.randn(2, 3, 6, 10)
    expected = layer.norm(layer.conv(features))
    torch.testing.assert_close(layer(features), expected)
    weights = torch.randn_like(expected)
    ours, theirs = (
        torch.autograd.grad((output * weights).sum(), layer.conv.weight) for output in (layer(features), expected)
    )
    torch.testing.assert_close(ours, theirs)


def test_rep_vgg_adds_its_two_branches():
    block = RepVggBlock(4, activation="silu").eval()
    features = torch.randn(1, 4, 5, 5)
    expected = nn.functional.silu(block.conv1(features) + block.conv2(features))
    torch.testing.assert_close(block(features), expected)


def test_csp_layer_without_extra_width_needs_no_last_convolution():
    assert isinstance(CspRepLayer(8, 4, num_blocks=1, expansion=1.0).conv3, nn.Identity)
    narrow = CspRepLayer(8, 4, num_blocks=2, expansion=0.5)
    assert narrow.conv3.conv.in_channels == 2
    assert narrow(torch.randn(2, 8, 3, 3)).shape == (2, 4, 3, 3)
