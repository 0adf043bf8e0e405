"""The small residual network."""

from yolozu.model.backbones.tiny_cnn import TinyCnn


def test_its_size():
    backbone = TinyCnn()
    assert backbone.spec.out_channels == (64, 128, 192)
    assert sum(parameter.numel() for parameter in backbone.parameters()) == 1_371_536
