"""CSPRepResNet, the backbone of PP-YOLOE; multipliers 1 are its size l.

Source: Xu et al., PP-YOLOE, 2022, section 2.2 and figure 3.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from yolozu.model.backbones.base import Backbone, FeatureSpec, scaled_depth, scaled_width
from yolozu.model.convolution import ConvNorm, RepVggBlock

CHANNELS = (64, 128, 256, 512, 1024)
"""Width at strides 2 (behind the stem), 4, 8, 16 and 32 of size l."""
BLOCKS = (3, 6, 6, 3)
"""Residual blocks at strides 4, 8, 16 and 32."""


class RepResidualBlock(nn.Module):
    """3x3 convolution and RepVGG block around a shortcut."""

    def __init__(self, channels: int, norm: str) -> None:
        super().__init__()
        self.conv1 = ConvNorm(channels, channels, 3, activation="silu", norm=norm)
        self.conv2 = RepVggBlock(channels, activation="silu", norm=norm)

    def forward(self, features_BCHW: Tensor) -> Tensor:
        """The same shape."""
        features: Tensor = features_BCHW + self.conv2(self.conv1(features_BCHW))
        return features


class ChannelGate(nn.Module):
    """Every channel weighted by the means of all (effective squeeze-and-excitation: Lee and Park, CVPR 2020)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, features_BCHW: Tensor) -> Tensor:
        """The same shape."""
        return features_BCHW * F.hardsigmoid(self.conv(features_BCHW.mean(dim=(2, 3), keepdim=True)))


class CspResStage(nn.Module):
    """Strided convolution to the mean width, two halves (one through residual blocks), gate, 1x1 to the full width."""

    def __init__(self, in_channels: int, out_channels: int, num_blocks: int, norm: str) -> None:
        super().__init__()
        middle = (in_channels + out_channels) // 2
        hidden = middle // 2
        self.down = ConvNorm(in_channels, middle, 3, stride=2, activation="silu", norm=norm)
        self.conv1 = ConvNorm(middle, hidden, 1, activation="silu", norm=norm)
        self.conv2 = ConvNorm(middle, hidden, 1, activation="silu", norm=norm)
        self.blocks = nn.Sequential(*[RepResidualBlock(hidden, norm) for _ in range(num_blocks)])
        self.gate = ChannelGate(2 * hidden)
        self.conv3 = ConvNorm(2 * hidden, out_channels, 1, activation="silu", norm=norm)

    def forward(self, features_BCHW: Tensor) -> Tensor:
        """(B, out_channels, H / 2, W / 2)."""
        down = self.down(features_BCHW)
        halves = torch.cat([self.conv1(down), self.blocks(self.conv2(down))], dim=1)
        features: Tensor = self.conv3(self.gate(halves))
        return features


class CspResNet(Backbone):
    """Stem of three 3x3 convolutions, then one CSP stage for each of strides 4, 8, 16 and 32."""

    def __init__(self, *, norm: str = "bn", width_mult: float = 1.0, depth_mult: float = 1.0) -> None:
        super().__init__()
        widths = [scaled_width(channels, width_mult) for channels in CHANNELS]
        narrow = max(8, widths[0] // 2)
        self.stem = nn.Sequential(
            ConvNorm(3, narrow, 3, stride=2, activation="silu", norm=norm),
            ConvNorm(narrow, narrow, 3, activation="silu", norm=norm),
            ConvNorm(narrow, widths[0], 3, activation="silu", norm=norm),
        )
        self.stages = nn.ModuleList(
            CspResStage(before, width, scaled_depth(blocks, depth_mult), norm)
            for before, width, blocks in zip(widths[:-1], widths[1:], BLOCKS, strict=True)
        )
        self.spec = FeatureSpec((widths[2], widths[3], widths[4]))
        self.initialize()

    def forward(self, images_B3HW: Tensor) -> list[Tensor]:
        """P3, P4, P5."""
        return self.pyramid(self.stages, self.stem(images_B3HW))[1:]
