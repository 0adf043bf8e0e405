"""ResNet-D in the depths that RT-DETR uses: stem of three convolutions, shortcuts that average before they stride.

Sources: He et al., CVPR 2016 (the blocks); He et al., Bag of Tricks, CVPR 2019, section 4.1 (ResNet-D); Zhao et al.,
CVPR 2024, RT-DETR's published networks, whose pretrained weights fit (PResNet, variant d).
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from yolozu.model.backbones.base import Backbone, FeatureSpec, scaled_depth, scaled_width
from yolozu.model.convolution import ConvNorm

STEM_CHANNELS = 64
CHANNELS = (64, 128, 256, 512)
"""Width inside the blocks at strides 4, 8, 16 and 32."""
BOTTLENECK_EXPANSION = 4
"""What comes out of a bottleneck, relative to the width inside."""


def _shortcut(in_channels: int, out_channels: int, stride: int, norm: str) -> nn.Module:
    """The way past a stage's first block: averaged 2x2 where it strides, so that no position is skipped."""
    conv = ConvNorm(in_channels, out_channels, 1, activation="none", norm=norm)
    return conv if stride == 1 else nn.Sequential(nn.AvgPool2d(2, 2, ceil_mode=True), conv)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut; the first block of a stage has a convolution in the shortcut as well."""

    expansion = 1

    def __init__(self, in_channels: int, width: int, *, stride: int, first: bool, norm: str) -> None:
        super().__init__()
        self.conv1 = ConvNorm(in_channels, width, 3, stride=stride, activation="relu", norm=norm)
        self.conv2 = ConvNorm(width, width, 3, activation="none", norm=norm)
        self.shortcut = _shortcut(in_channels, width, stride, norm) if first else nn.Identity()

    def forward(self, features_BCHW: Tensor) -> Tensor:
        """(B, width, H / stride, W / stride)."""
        return F.relu(self.conv2(self.conv1(features_BCHW)) + self.shortcut(features_BCHW), inplace=True)


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolution around a shortcut; the 3x3 one strides."""

    expansion = BOTTLENECK_EXPANSION

    def __init__(self, in_channels: int, width: int, *, stride: int, first: bool, norm: str) -> None:
        super().__init__()
        out_channels = width * self.expansion
        self.conv1 = ConvNorm(in_channels, width, 1, activation="relu", norm=norm)
        self.conv2 = ConvNorm(width, width, 3, stride=stride, activation="relu", norm=norm)
        self.conv3 = ConvNorm(width, out_channels, 1, activation="none", norm=norm)
        self.shortcut = _shortcut(in_channels, out_channels, stride, norm) if first else nn.Identity()

    def forward(self, features_BCHW: Tensor) -> Tensor:
        """(B, 4 * width, H / stride, W / stride)."""
        deep = self.conv3(self.conv2(self.conv1(features_BCHW)))
        return F.relu(deep + self.shortcut(features_BCHW), inplace=True)


class ResNetVd(Backbone):
    """Deep stem, max pooling to stride 4, four stages of residual blocks; subclasses say which blocks, and how many."""

    block: type[BasicBlock | Bottleneck]
    depths: tuple[int, int, int, int]

    def __init__(self, *, norm: str = "bn", width_mult: float = 1.0, depth_mult: float = 1.0) -> None:
        super().__init__()
        stem, half = scaled_width(STEM_CHANNELS, width_mult), scaled_width(STEM_CHANNELS // 2, width_mult)
        self.stem = nn.Sequential(
            ConvNorm(3, half, 3, stride=2, activation="relu", norm=norm),
            ConvNorm(half, half, 3, activation="relu", norm=norm),
            ConvNorm(half, stem, 3, activation="relu", norm=norm),
        )
        self.stages = nn.ModuleList()
        before, out_channels = stem, []
        for channels, blocks in zip(CHANNELS, self.depths, strict=True):
            width = scaled_width(channels, width_mult)
            stride = 1 if channels == CHANNELS[0] else 2  # the pooling behind the stem has already brought stride 4
            self.stages.append(self._stage(before, width, scaled_depth(blocks, depth_mult), stride, norm))
            before = width * self.block.expansion
            out_channels.append(before)
        self.spec = FeatureSpec((out_channels[1], out_channels[2], out_channels[3]))
        self.initialize()

    def _stage(self, in_channels: int, width: int, num_blocks: int, stride: int, norm: str) -> nn.Sequential:
        first = self.block(in_channels, width, stride=stride, first=True, norm=norm)
        wide = width * self.block.expansion
        later = [self.block(wide, width, stride=1, first=False, norm=norm) for _ in range(num_blocks - 1)]
        return nn.Sequential(first, *later)

    def forward(self, images_B3HW: Tensor) -> list[Tensor]:
        """P3, P4, P5."""
        quarter = F.max_pool2d(self.stem(images_B3HW), kernel_size=3, stride=2, padding=1)
        return self.pyramid(self.stages, quarter)[1:]


class ResNet18Vd(ResNetVd):
    """As in RT-DETR-R18."""

    block = BasicBlock
    depths = (2, 2, 2, 2)


class ResNet34Vd(ResNetVd):
    """As in RT-DETR-R34."""

    block = BasicBlock
    depths = (3, 4, 6, 3)


class ResNet50Vd(ResNetVd):
    """As in RT-DETR-R50."""

    block = Bottleneck
    depths = (3, 4, 6, 3)


class ResNet101Vd(ResNetVd):
    """As in RT-DETR-R101."""

    block = Bottleneck
    depths = (3, 4, 23, 3)
