"""ConvNeXt-T.

Source: Liu et al., A ConvNet for the 2020s, CVPR 2022, section 2 and figure 4. Names of tensors follow torchvision's,
whose weights it reads. The stochastic depth of the paper's recipe is left out.
"""

from __future__ import annotations

import re
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from yolozu.model.backbones.base import FeatureSpec, TorchvisionBackbone, scaled_depth, scaled_width

CHANNELS = (96, 192, 384, 768)
"""Width at strides 4, 8, 16 and 32."""
BLOCKS = (3, 3, 9, 3)
"""Blocks at those strides."""
EXPANSION = 4
"""Hidden width of a block's two Linears, relative to the map."""
EPS = 1e-6
LAYER_SCALE = 1e-6
INIT_STD = 0.02


class ChannelNorm(nn.LayerNorm):
    """Layer normalization of a map: over the channels of each cell."""

    def forward(self, features_BCHW: Tensor) -> Tensor:
        """The same shape."""
        cells_BHWC = super().forward(features_BCHW.permute(0, 2, 3, 1))
        return cells_BHWC.permute(0, 3, 1, 2)


class Block(nn.Module):
    """7x7 convolution of each channel, LayerNorm and two Linears of each cell, scaled, around a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=EPS)
        self.linear1 = nn.Linear(channels, EXPANSION * channels)
        self.linear2 = nn.Linear(EXPANSION * channels, channels)
        self.layer_scale = nn.Parameter(torch.full((channels, 1, 1), LAYER_SCALE))

    def forward(self, features_BCHW: Tensor) -> Tensor:
        """The same shape."""
        cells_BHWC = self.norm(self.depthwise(features_BCHW).permute(0, 2, 3, 1))
        cells_BHWC = self.linear2(F.gelu(self.linear1(cells_BHWC)))
        features: Tensor = features_BCHW + self.layer_scale * cells_BHWC.permute(0, 3, 1, 2)
        return features


class ConvNeXt(TorchvisionBackbone):
    """Patches of 4x4 px, then four stages of blocks with a normalized 2x2 convolution before each but the first.

    ``norm`` changes nothing: the LayerNorms are part of the design. The maps are given as the stages leave them; what
    follows normalizes them (`yolozu.model.projector.Projector` does).
    """

    torchvision_classifier = ("classifier.",)

    def __init__(self, *, norm: str = "bn", width_mult: float = 1.0, depth_mult: float = 1.0) -> None:  # noqa: ARG002
        super().__init__()
        widths = [scaled_width(channels, width_mult) for channels in CHANNELS]
        self.stem = nn.Sequential(nn.Conv2d(3, widths[0], 4, stride=4), ChannelNorm(widths[0], eps=EPS))
        self.down = nn.ModuleList(
            nn.Sequential(ChannelNorm(before, eps=EPS), nn.Conv2d(before, width, 2, stride=2))
            for before, width in pairwise(widths)
        )
        self.stages = nn.ModuleList(
            nn.Sequential(*[Block(width) for _ in range(scaled_depth(blocks, depth_mult))])
            for width, blocks in zip(widths, BLOCKS, strict=True)
        )
        self.spec = FeatureSpec((widths[1], widths[2], widths[3]))
        self.initialize()

    def initialize(self) -> None:
        """Truncated normal weights (standard deviation 0.02) and no biases, as in the paper's appendix A."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.trunc_normal_(module.weight, std=INIT_STD)
                assert module.bias is not None
                nn.init.zeros_(module.bias)

    def forward(self, images_B3HW: Tensor) -> list[Tensor]:
        """P3, P4, P5."""
        features = self.stages[0](self.stem(images_B3HW))
        maps = []
        for down, stage in zip(self.down, self.stages[1:], strict=True):
            features = stage(down(features))
            maps.append(features)
        return maps

    @staticmethod
    def torchvision_name(name: str) -> str:
        """``stages.0.2.linear1.bias`` -> ``features.1.2.block.3.bias``."""
        name = re.sub(r"^stem\.", "features.0.", name)
        name = re.sub(r"^stages\.(\d)\.", lambda found: f"features.{2 * int(found[1]) + 1}.", name)
        name = re.sub(r"^down\.(\d)\.", lambda found: f"features.{2 * int(found[1]) + 2}.", name)
        for position, part in {0: "depthwise", 2: "norm", 3: "linear1", 5: "linear2"}.items():
            name = name.replace(f".{part}.", f".block.{position}.")
        return name
