"""CSPDarknet in its small size, as YOLOv5 s and YOLOX s use it.

Sources: Wang et al., CSPNet, CVPRW 2020; Ultralytics YOLOv5 v6.0 (stem, C3, SPPF) for the layout.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from yolozu.model.backbones.base import Backbone, FeatureSpec, scaled_depth, scaled_width
from yolozu.model.convolution import ConvNorm

STEM_CHANNELS = 32
CHANNELS = (64, 128, 256, 512)
"""Width at strides 4, 8, 16 and 32 of the small size."""
BLOCKS = (1, 2, 3, 1)
"""Bottlenecks at those strides."""


class Bottleneck(nn.Module):
    """1x1 and 3x3 convolution around a shortcut."""

    def __init__(self, channels: int, norm: str) -> None:
        super().__init__()
        self.conv1 = ConvNorm(channels, channels, 1, activation="silu", norm=norm)
        self.conv2 = ConvNorm(channels, channels, 3, activation="silu", norm=norm)

    def forward(self, features_BCHW: Tensor) -> Tensor:
        """The same shape."""
        features: Tensor = features_BCHW + self.conv2(self.conv1(features_BCHW))
        return features


class CspStage(nn.Module):
    """Half of the channels through bottlenecks, half past them, joined by a 1x1 convolution (YOLOv5's C3)."""

    def __init__(self, channels: int, num_blocks: int, norm: str) -> None:
        super().__init__()
        hidden = channels // 2
        self.conv1 = ConvNorm(channels, hidden, 1, activation="silu", norm=norm)
        self.conv2 = ConvNorm(channels, hidden, 1, activation="silu", norm=norm)
        self.blocks = nn.Sequential(*[Bottleneck(hidden, norm) for _ in range(num_blocks)])
        self.conv3 = ConvNorm(2 * hidden, channels, 1, activation="silu", norm=norm)

    def forward(self, features_BCHW: Tensor) -> Tensor:
        """The same shape."""
        deep = self.blocks(self.conv1(features_BCHW))
        features: Tensor = self.conv3(torch.cat([deep, self.conv2(features_BCHW)], dim=1))
        return features


class PyramidPooling(nn.Module):
    """Maxima over windows of 5, 9 and 13 cells, beside the map itself (SPPF: three 5x5 poolings in a row)."""

    def __init__(self, channels: int, norm: str) -> None:
        super().__init__()
        hidden = channels // 2
        self.conv1 = ConvNorm(channels, hidden, 1, activation="silu", norm=norm)
        self.conv2 = ConvNorm(4 * hidden, channels, 1, activation="silu", norm=norm)

    def forward(self, features_BCHW: Tensor) -> Tensor:
        """The same shape."""
        pooled = [self.conv1(features_BCHW)]
        for _ in range(3):
            pooled.append(F.max_pool2d(pooled[-1], kernel_size=5, stride=1, padding=2))
        features: Tensor = self.conv2(torch.cat(pooled, dim=1))
        return features


class CspDarknet(Backbone):
    """Strided convolution and CSP stage per stride; pyramid pooling at the end."""

    def __init__(self, *, norm: str = "bn", width_mult: float = 1.0, depth_mult: float = 1.0) -> None:
        super().__init__()
        stem = scaled_width(STEM_CHANNELS, width_mult)
        widths = [scaled_width(channels, width_mult) for channels in CHANNELS]
        # Padding 2 makes a 6x6 convolution with stride 2 halve the size exactly.
        self.stem = ConvNorm(3, stem, 6, stride=2, activation="silu", norm=norm)
        self.stages = nn.ModuleList()
        for before, width, blocks in zip([stem, *widths[:-1]], widths, BLOCKS, strict=True):
            self.stages.append(
                nn.Sequential(
                    ConvNorm(before, width, 3, stride=2, activation="silu", norm=norm),
                    CspStage(width, scaled_depth(blocks, depth_mult), norm),
                )
            )
        self.pooling = PyramidPooling(widths[-1], norm)
        self.spec = FeatureSpec((widths[1], widths[2], widths[3]))
        self.initialize()

    def forward(self, images_B3HW: Tensor) -> list[Tensor]:
        """P3, P4, P5."""
        _, p3, p4, p5 = self.pyramid(self.stages, self.stem(images_B3HW))
        return [p3, p4, self.pooling(p5)]
