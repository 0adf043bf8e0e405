"""Convolutions with their normalization, and the RepVGG blocks built of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from torch import Tensor, nn
from torch.nn import functional as F

from yolozu.model.norms import FrozenBatchNorm, make_norm

if TYPE_CHECKING:
    from collections.abc import Callable

    Convolution = Callable[[Tensor, Tensor, Tensor | None], Tensor | None]

Activation = Literal["relu", "silu", "none"]


def make_activation(name: Activation) -> nn.Module:
    """A new activation layer; ``none`` passes its input on."""
    match name:
        case "relu":
            return nn.ReLU(inplace=True)
        case "silu":
            return nn.SiLU()
        case "none":
            return nn.Identity()


class ConvNorm(nn.Module):
    """Convolution without bias, normalization, activation; an odd kernel keeps the size at stride 1.

    Attributes:
        convolve: another way to convolve features with a weight and a bias while training; None, or where it gives
            None, PyTorch's.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        *,
        stride: int = 1,
        activation: Activation,
        norm: str = "bn",
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, stride, padding=(kernel - 1) // 2, bias=False)
        self.norm = make_norm(norm, out_channels)
        self.activation = make_activation(activation)
        self.convolve: Convolution | None = None

    def forward(self, features_BCHW: Tensor) -> Tensor:
        """(B, C', H / stride, W / stride)."""
        features: Tensor = self.activation(self._normalized(features_BCHW))
        return features

    def _normalized(self, features_BCHW: Tensor) -> Tensor:
        if not isinstance(self.norm, FrozenBatchNorm) or not isinstance(self.conv, nn.Conv2d):
            normalized: Tensor = self.norm(self._convolved(features_BCHW))
            return normalized
        # What never changes is part of the convolution: the map is written once, not three times.
        scale, shift = self.norm.scale_and_shift()
        weight = self.conv.weight * scale[:, None, None, None]
        otherwise = self._otherwise(features_BCHW, weight, shift)
        if otherwise is not None:
            return otherwise
        return F.conv2d(features_BCHW, weight, shift, self.conv.stride, self.conv.padding)

    def _convolved(self, features_BCHW: Tensor) -> Tensor:
        # an adapted convolution has no weight of its own
        otherwise = self._otherwise(features_BCHW, self.conv.weight) if isinstance(self.conv, nn.Conv2d) else None
        convolved: Tensor = self.conv(features_BCHW) if otherwise is None else otherwise
        return convolved

    def _otherwise(self, features_BCHW: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor | None:
        return self.convolve(features_BCHW, weight, bias) if self.convolve is not None and self.training else None


class RepVggBlock(nn.Module):
    """``activation(conv3x3(x) + conv1x1(x))``, each with its own normalization.

    Source: Ding et al., RepVGG, CVPR 2021, as used in RT-DETR's fusion (without the identity branch).
    """

    def __init__(self, channels: int, *, activation: Activation, norm: str = "bn") -> None:
        super().__init__()
        self.conv1 = ConvNorm(channels, channels, 3, activation="none", norm=norm)
        self.conv2 = ConvNorm(channels, channels, 1, activation="none", norm=norm)
        self.activation = make_activation(activation)

    def forward(self, features_BCHW: Tensor) -> Tensor:
        """The same shape."""
        features: Tensor = self.activation(self.conv1(features_BCHW) + self.conv2(features_BCHW))
        return features


class CspRepLayer(nn.Module):
    """Two 1x1 paths, one through RepVGG blocks, added.

    Source: Zhao et al., DETRs Beat YOLOs on Real-time Object Detection, CVPR 2024, figure 4 (the fusion block).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        num_blocks: int,
        expansion: float,
        activation: Activation = "silu",
        norm: str = "bn",
    ) -> None:
        super().__init__()
        hidden = max(1, int(out_channels * expansion))
        self.conv1 = ConvNorm(in_channels, hidden, 1, activation=activation, norm=norm)
        self.conv2 = ConvNorm(in_channels, hidden, 1, activation=activation, norm=norm)
        self.blocks = nn.Sequential(*[RepVggBlock(hidden, activation=activation, norm=norm) for _ in range(num_blocks)])
        self.conv3 = (
            nn.Identity()
            if hidden == out_channels
            else ConvNorm(hidden, out_channels, 1, activation=activation, norm=norm)
        )

    def forward(self, features_BCHW: Tensor) -> Tensor:
        """(B, out_channels, H, W)."""
        features: Tensor = self.conv3(self.blocks(self.conv1(features_BCHW)) + self.conv2(features_BCHW))
        return features
