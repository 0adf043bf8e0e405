"""ResNet-50."""

import torch

from yolozu.model.backbones.resnet import ResNet50


def test_its_size_is_that_of_torchvision_s_without_classifier():
    backbone = ResNet50()
    assert backbone.spec.out_channels == (512, 1024, 2048)
    assert sum(parameter.numel() for parameter in backbone.parameters()) == 25_557_032 - 2_049_000


def test_the_3x3_convolution_strides():
    first = ResNet50(width_mult=0.125).stages[1][0]
    assert (first.conv1.conv.stride, first.conv2.conv.stride, first.shortcut.conv.stride) == ((1, 1), (2, 2), (2, 2))


def test_only_the_first_block_of_a_stage_has_a_convolution_in_its_shortcut():
    stage = ResNet50(width_mult=0.125).stages[2]
    assert [len(list(block.shortcut.parameters())) for block in stage] == [3, 0, 0, 0, 0, 0]


def test_torchvision_s_names():
    names = [ResNet50.torchvision_name(name) for name in ResNet50(width_mult=0.125, depth_mult=0.3).state_dict()]
    assert names[:2] == ["conv1.weight", "bn1.weight"]
    assert "layer1.0.downsample.0.weight" in names
    assert names[-1] == "layer4.0.downsample.1.num_batches_tracked"
    assert len(set(names)) == len(names)


def test_maps_are_not_negative():
    torch.manual_seed(0)
    maps = ResNet50(width_mult=0.125, depth_mult=0.3)(torch.randn(2, 3, 32, 32))
    assert min(level.min().item() for level in maps) == 0.0
