"""How an image becomes network input: one object for training, prediction, ONNX metadata and evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from yolozu.artifacts.jsonio import MISFIT, explain_misfit
from yolozu.data.images import read_image
from yolozu.data.placement import Placement
from yolozu.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from yolozu.contract.sections.data import PreprocessSection

__all__ = ["Placement", "Preprocess", "normalize_images", "read_image"]

RESIZE = "letterbox: scale = min(width / w, height / h), bilinear with antialiasing, centered on whole pixels"


@dataclass(frozen=True)
class Preprocess:
    """Letterboxed, in RGB, then ``(value · scale - mean) / std`` per channel.

    Attributes:
        height: network input height in px.
        width: network input width in px.
        fill: grey level of the letterbox border, 0 to 255.
        color: order of the channels.
        scale: what grey levels are multiplied with.
        mean: subtracted per channel, after scaling.
        std: divided by per channel.
    """

    height: int
    width: int
    fill: int
    color: Literal["rgb"] = "rgb"
    scale: float = 1 / 255
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @classmethod
    def from_section(cls, section: PreprocessSection) -> Self:
        """The preprocessing a contract asks for."""
        size = section.image_size
        height, width = (size, size) if isinstance(size, int) else size
        return cls(height, width, section.letterbox_fill)

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON, for checkpoints and ONNX metadata."""
        return {
            "height": self.height,
            "width": self.width,
            "resize": RESIZE,
            "fill": self.fill,
            "color": self.color,
            "scale": self.scale,
            "mean": list(self.mean),
            "std": list(self.std),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any], *, where: str = "preprocess") -> Self:
        """From what `to_json` gives; ``where`` names the file it stands in.

        Raises:
            InputError: YZ208 it describes no preprocessing that this version does.
        """
        try:
            found = cls(
                height=int(value["height"]),
                width=int(value["width"]),
                fill=int(value["fill"]),
                color=value["color"],
                scale=float(value["scale"]),
                mean=_three(value["mean"]),
                std=_three(value["std"]),
            )
        except MISFIT as error:
            raise _unknown(where, f"its preprocessing cannot be understood: {explain_misfit(error)}") from error
        if value != found.to_json() or found.color != "rgb":
            raise _unknown(where, f"its preprocessing is not done by this version: {value}")
        return found

    def border(self) -> tuple[float, float, float]:
        """Color of the letterbox border, in the units of the network input."""
        return _three((self.fill * self.scale - mean) / std for mean, std in zip(self.mean, self.std, strict=True))

    def letterbox(self, image_HW3: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], Placement]:
        """The image inside the network input.

        Args:
            image_HW3: (H, W, 3) uint8 RGB.

        Returns:
            (height, width, 3) uint8 RGB, and where the image lies in it.
        """
        height, width = image_HW3.shape[:2]
        placement = Placement.letterbox(width, height, self.width, self.height)
        return placement.paste(image_HW3, self.fill), placement

    def to_network(self, images_BHW3: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Letterboxed images as numbers; equal to `normalize_images` bit for bit.

        Args:
            images_BHW3: (B, height, width, 3) uint8 RGB.

        Returns:
            (B, 3, height, width) float32.
        """
        values = images_BHW3.astype(np.float32) * np.float32(self.scale)
        if self.mean != (0.0, 0.0, 0.0):
            values -= np.array(self.mean, dtype=np.float32)
        if self.std != (1.0, 1.0, 1.0):
            values /= np.array(self.std, dtype=np.float32)
        return np.ascontiguousarray(values.transpose(0, 3, 1, 2))


def normalize_images(images_B3HW: Tensor, preprocess: Preprocess) -> Tensor:
    """Letterboxed images as numbers, on the images' device, channels last in memory.

    Args:
        images_B3HW: (B, 3, H, W) uint8 RGB.
        preprocess: scale, mean and std.

    Returns:
        (B, 3, H, W) float32.
    """
    import torch

    values = images_B3HW.to(torch.float32, memory_format=torch.channels_last) * preprocess.scale
    if preprocess.mean != (0.0, 0.0, 0.0):
        values -= torch.tensor(preprocess.mean).to(values.device, non_blocking=True)[:, None, None]
    if preprocess.std != (1.0, 1.0, 1.0):
        values /= torch.tensor(preprocess.std).to(values.device, non_blocking=True)[:, None, None]
    return values


def _three(value: Any) -> tuple[float, float, float]:
    first, second, third = (float(entry) for entry in value)
    return first, second, third


def _unknown(where: str, problem: str) -> Exception:
    return InputError.one(
        "YZ208", where=where, problem=problem, fix="use the file with the yolozu that wrote it, or make it again"
    )
