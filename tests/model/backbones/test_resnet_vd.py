"""ResNet-D as RT-DETR uses it; that it computes what the published one does is tested with whole detectors."""

import pytest
import torch

from yolozu.model.backbones.resnet_vd import BasicBlock, Bottleneck, ResNet18Vd, ResNet34Vd, ResNet50Vd, ResNet101Vd

PUBLISHED = [
    (ResNet18Vd, (128, 256, 512), 11_199_968),
    (ResNet34Vd, (128, 256, 512), 21_308_128),
    (ResNet50Vd, (512, 1024, 2048), 23_527_264),
    (ResNet101Vd, (512, 1024, 2048), 42_519_392),
]


@pytest.mark.parametrize(("kind", "channels", "parameters"), PUBLISHED)
def test_sizes(kind, channels, parameters):
    with torch.device("meta"):
        backbone = kind()
    assert backbone.spec.out_channels == channels
    assert sum(parameter.numel() for parameter in backbone.parameters()) == parameters


def test_the_first_stage_keeps_its_size_and_the_others_average_before_they_project():
    backbone = ResNet18Vd(width_mult=0.125)
    names = dict(backbone.named_modules())
    assert "stages.0.0.shortcut.conv" in names
    assert [type(names[f"stages.{stage}.0.shortcut.0"]) for stage in (1, 2, 3)] == [torch.nn.AvgPool2d] * 3
    assert all(isinstance(names[f"stages.{stage}.1.shortcut"], torch.nn.Identity) for stage in range(4))


@pytest.mark.parametrize("block", [BasicBlock, Bottleneck])
def test_a_striding_shortcut_skips_no_position(block):
    found = block(4, 8, stride=2, first=True, norm="frozenbn")
    features = torch.rand(1, 4, 6, 6, requires_grad=True)
    shortcut = found.shortcut(features)
    shortcut.sum().backward()
    assert shortcut.shape[-2:] == (3, 3)
    assert (features.grad.abs().sum(dim=1) > 0).all()
