"""ResNet-50 in version 1.5: the stride of a bottleneck is in its 3x3 convolution.

Sources: He et al., Deep Residual Learning for Image Recognition, CVPR 2016, table 1 and figure 5; the place of the
stride is that of torchvision, whose weights it reads.
"""

from __future__ import annotations

import re

from torch import Tensor, nn

from yolozu.model.backbones import resnet_vd
from yolozu.model.backbones.base import FeatureSpec, TorchvisionBackbone, scaled_depth, scaled_width
from yolozu.model.convolution import ConvNorm

STEM_CHANNELS = 64
CHANNELS = (64, 128, 256, 512)
"""Width of the 3x3 convolutions at strides 4, 8, 16 and 32."""
BLOCKS = (3, 4, 6, 3)
"""Bottlenecks at those strides."""
EXPANSION = resnet_vd.BOTTLENECK_EXPANSION


class Bottleneck(resnet_vd.Bottleneck):
    """A bottleneck whose shortcut strides without averaging first."""

    def __init__(self, in_channels: int, width: int, *, stride: int, first: bool, norm: str) -> None:
        super().__init__(in_channels, width, stride=stride, first=False, norm=norm)
        if first:
            self.shortcut = ConvNorm(in_channels, width * EXPANSION, 1, stride=stride, activation="none", norm=norm)


class ResNet50(TorchvisionBackbone):
    """Stem (7x7 convolution, maxima over 3x3), then four stages of bottlenecks."""

    torchvision_classifier = ("fc.",)

    def __init__(self, *, norm: str = "bn", width_mult: float = 1.0, depth_mult: float = 1.0) -> None:
        super().__init__()
        before = scaled_width(STEM_CHANNELS, width_mult)
        self.stem = ConvNorm(3, before, 7, stride=2, activation="relu", norm=norm)
        self.pool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.stages = nn.ModuleList()
        for channels, blocks in zip(CHANNELS, BLOCKS, strict=True):
            width = scaled_width(channels, width_mult)
            stride = 1 if channels == CHANNELS[0] else 2  # the pooling behind the stem has already brought stride 4
            stage = nn.Sequential(Bottleneck(before, width, stride=stride, first=True, norm=norm))
            before = width * EXPANSION
            for _ in range(scaled_depth(blocks, depth_mult) - 1):
                stage.append(Bottleneck(before, width, stride=1, first=False, norm=norm))
            self.stages.append(stage)
        p3, p4, p5 = (scaled_width(channels, width_mult) * EXPANSION for channels in CHANNELS[1:])
        self.spec = FeatureSpec((p3, p4, p5))
        self.initialize()

    def forward(self, images_B3HW: Tensor) -> list[Tensor]:
        """P3, P4, P5."""
        return self.pyramid(self.stages, self.pool(self.stem(images_B3HW)))[1:]

    @staticmethod
    def torchvision_name(name: str) -> str:
        """``stages.0.1.conv2.norm.weight`` -> ``layer1.1.bn2.weight``."""
        name = re.sub(r"^stem\.conv\.", "conv1.", name)
        name = re.sub(r"^stem\.norm\.", "bn1.", name)
        name = re.sub(r"^stages\.(\d)\.", lambda found: f"layer{int(found[1]) + 1}.", name)
        name = re.sub(r"\.conv(\d)\.conv\.", r".conv\1.", name)
        name = re.sub(r"\.conv(\d)\.norm\.", r".bn\1.", name)
        return name.replace(".shortcut.conv.", ".downsample.0.").replace(".shortcut.norm.", ".downsample.1.")
