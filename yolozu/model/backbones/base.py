"""What every backbone promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from yolozu.model.backbones.torchvision import renamed_exactly


@dataclass(frozen=True)
class FeatureSpec:
    """The three maps a backbone gives.

    Attributes:
        out_channels: of P3, P4 and P5.
        strides: network-input pixels per cell of P3, P4 and P5.
    """

    out_channels: tuple[int, int, int]
    strides: tuple[int, int, int] = (8, 16, 32)


class Backbone(nn.Module, ABC):
    """A network from images to P3, P4 and P5.

    Constructed as ``Backbone(norm=..., width_mult=..., depth_mult=...)``; ``spec`` says what comes out.
    """

    spec: FeatureSpec

    @abstractmethod
    def forward(self, images_B3HW: Tensor) -> list[Tensor]:
        """P3, P4, P5 of (B, 3, H, W) images, as ``spec`` says; H and W are multiples of 32."""

    @staticmethod
    def pyramid(stages: nn.ModuleList, features: Tensor) -> list[Tensor]:
        """What each stage makes of what the one before it gave, first stage first."""
        maps = []
        for stage in stages:
            features = stage(features)
            maps.append(features)
        return maps

    def initialize(self) -> None:
        """Give every convolution outputs of unit variance behind a rectifier (He et al., ICCV 2015, equation 14)."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)


class TorchvisionBackbone(Backbone):
    """A backbone whose trained weights torchvision publishes too: it reads them. Other backbones lack this hook.

    Attributes:
        torchvision_classifier: what the names of the tensors behind the last map start with; those are left out.
    """

    torchvision_classifier: ClassVar[tuple[str, ...]]

    @staticmethod
    @abstractmethod
    def torchvision_name(name: str) -> str:
        """What torchvision calls the tensor that is ``name`` in this backbone's state dict."""

    def from_torchvision(self, state: Mapping[str, Tensor], *, where: str = "torchvision weights") -> dict[str, Tensor]:
        """This backbone's state dict, made of one in torchvision's layout; nothing is loaded.

        Args:
            state: a state dict as torchvision publishes it; its classifier is ignored.
            where: the file it is from, for messages.

        Raises:
            InputError: YZ410, naming all tensors that are missing, unexpected or of another shape.
        """
        return renamed_exactly(
            self.state_dict(), state, rename=self.torchvision_name, ignored=self.torchvision_classifier, where=where
        )


def scaled_width(channels: int, width_mult: float) -> int:
    """``channels`` times the multiplier, rounded to a multiple of 8, at least 8."""
    return max(8, round(channels * width_mult / 8) * 8)


def scaled_depth(blocks: int, depth_mult: float) -> int:
    """``blocks`` times the multiplier, rounded, at least 1."""
    return max(1, round(blocks * depth_mult))
