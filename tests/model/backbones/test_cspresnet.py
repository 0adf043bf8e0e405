"""CSPRepResNet."""

from yolozu.model.backbones.cspresnet import CspResNet


def test_its_size():
    backbone = CspResNet()
    assert backbone.spec.out_channels == (256, 512, 1024)
    assert sum(parameter.numel() for parameter in backbone.parameters()) == 21_158_752
