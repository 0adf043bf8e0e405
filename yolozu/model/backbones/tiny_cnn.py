"""A small residual network for small images, small data and CPUs."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from yolozu.model.backbones.base import Backbone, FeatureSpec, scaled_depth, scaled_width
from yolozu.model.convolution import ConvNorm

CHANNELS = (16, 32, 64, 128, 192)
"""Width at strides 2, 4, 8, 16 and 32."""


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut (He et al., CVPR 2016, figure 2)."""

    def __init__(self, channels: int, norm: str) -> None:
        super().__init__()
        self.conv1 = ConvNorm(channels, channels, 3, activation="relu", norm=norm)
        self.conv2 = ConvNorm(channels, channels, 3, activation="none", norm=norm)

    def forward(self, features_BCHW: Tensor) -> Tensor:
        """The same shape."""
        return F.relu(features_BCHW + self.conv2(self.conv1(features_BCHW)), inplace=True)


class TinyCnn(Backbone):
    """A strided convolution for each of five strides, residual blocks behind all but the first."""

    def __init__(self, *, norm: str = "bn", width_mult: float = 1.0, depth_mult: float = 1.0) -> None:
        super().__init__()
        stem, *widths = (scaled_width(channels, width_mult) for channels in CHANNELS)
        num_blocks = scaled_depth(1, depth_mult)
        self.stem = ConvNorm(3, stem, 3, stride=2, activation="relu", norm=norm)
        self.stages = nn.ModuleList()
        for before, width in zip([stem, *widths[:-1]], widths, strict=True):
            down = ConvNorm(before, width, 3, stride=2, activation="relu", norm=norm)
            self.stages.append(nn.Sequential(down, *[ResidualBlock(width, norm) for _ in range(num_blocks)]))
        self.spec = FeatureSpec((widths[1], widths[2], widths[3]))
        self.initialize()

    def forward(self, images_B3HW: Tensor) -> list[Tensor]:
        """P3, P4, P5."""
        return self.pyramid(self.stages, self.stem(images_B3HW))[1:]
