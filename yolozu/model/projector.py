"""From the channels of the backbone (or encoder) to the width of what follows."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from yolozu.model.convolution import ConvNorm


class Projector(nn.Module):
    """A 1x1 convolution and normalization per level."""

    def __init__(self, in_channels: Sequence[int], d_model: int, *, norm: str = "bn") -> None:
        super().__init__()
        self.levels = nn.ModuleList(
            ConvNorm(channels, d_model, 1, activation="none", norm=norm) for channels in in_channels
        )

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """(B, d_model, H, W) for each level."""
        return [level(feature) for level, feature in zip(self.levels, features, strict=True)]
