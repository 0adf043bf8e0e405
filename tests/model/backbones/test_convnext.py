"""ConvNeXt-T."""

import pytest
import torch
from torch.nn import functional as F

from yolozu.model.backbones.convnext import ChannelNorm, ConvNeXt


def test_its_size_is_that_of_torchvision_s_without_classifier():
    backbone = ConvNeXt()
    assert backbone.spec.out_channels == (192, 384, 768)
    assert sum(parameter.numel() for parameter in backbone.parameters()) == 28_589_128 - (2 * 768 + 768 * 1000 + 1000)


def test_channels_of_each_cell_are_normalized():
    norm = ChannelNorm(6)
    maps = torch.randn(2, 6, 3, 5) * 4 + 1
    cell = F.layer_norm(maps[1, :, 2, 4], (6,))
    torch.testing.assert_close(norm(maps)[1, :, 2, 4], cell)


@pytest.mark.slow
def test_a_fresh_block_hardly_changes_its_input():
    torch.manual_seed(0)
    block = ConvNeXt(width_mult=0.125, depth_mult=0.1).stages[0][0]
    maps = torch.randn(1, 16, 4, 4)
    assert 0.0 < (block(maps) - maps).abs().max() < 1e-5


def test_torchvision_s_names():
    names = [ConvNeXt.torchvision_name(name) for name in ConvNeXt(width_mult=0.125, depth_mult=0.1).state_dict()]
    assert names == [
        *(f"features.0.{part}" for part in ("0.weight", "0.bias", "1.weight", "1.bias")),
        *(f"features.{2 * at}.{part}" for at in (1, 2, 3) for part in ("0.weight", "0.bias", "1.weight", "1.bias")),
        *(
            f"features.{2 * at + 1}.0.{part}"
            for at in range(4)
            for part in (
                "layer_scale", "block.0.weight", "block.0.bias", "block.2.weight", "block.2.bias", "block.3.weight",
                "block.3.bias", "block.5.weight", "block.5.bias",
            )
        ),
    ]  # fmt: skip
