"""CSPDarknet."""

from yolozu.model.backbones.cspdarknet import CspDarknet


def test_its_size_is_that_of_yolov5_s_without_neck_and_head():
    backbone = CspDarknet()
    assert backbone.spec.out_channels == (128, 256, 512)
    assert sum(parameter.numel() for parameter in backbone.parameters()) == 4_171_456
