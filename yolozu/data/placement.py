"""Where an image lies in the network input, exactly, and the resampling that puts it there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDING = 1e-6
"""Edges this near to a pixel border (in px) are on it: 427 · (320 / 427) is 320."""


@dataclass(frozen=True)
class Placement:
    """An image inside the network input: ``x_input = x · scale + pad_x_px``, likewise y; then mirrored if asked.

    Pixel borders count from 0: the image spans 0 to ``width``.

    Attributes:
        scale: input px per image px, the same in both directions.
        pad_x_px: input px left of the image; negative where the image is cut there.
        pad_y_px: input px above the image.
        width: image width in px.
        height: image height in px.
        input_width: network input width in px.
        input_height: network input height in px.
        mirrored: the input is flipped left to right.
    """

    scale: float
    pad_x_px: float
    pad_y_px: float
    width: int
    height: int
    input_width: int
    input_height: int
    mirrored: bool = False

    @classmethod
    def letterbox(cls, width: int, height: int, input_width: int, input_height: int) -> Placement:
        """The largest image that fits, in the middle, on whole pixels at its left and upper border."""
        scale = min(input_width / width, input_height / height)
        pad_x = math.floor((input_width - width * scale) / 2 + ROUNDING)
        pad_y = math.floor((input_height - height * scale) / 2 + ROUNDING)
        return cls(scale, float(pad_x), float(pad_y), width, height, input_width, input_height)

    def boxes_to_input(self, boxes_cxcywh: NDArray[np.floating]) -> NDArray[np.float64]:
        """Boxes in the frame of the network input; not clipped, so that the caller sees what is cut.

        Args:
            boxes_cxcywh: (N, 4) normalized to the image.

        Returns:
            (N, 4) normalized to the network input.
        """
        boxes = np.asarray(boxes_cxcywh, dtype=np.float64).reshape(-1, 4)
        image, network = self._sizes()
        center = (boxes[:, :2] * image * self.scale + self._pad()) / network
        if self.mirrored:
            center[:, 0] = 1.0 - center[:, 0]
        return np.concatenate([center, boxes[:, 2:] * image * self.scale / network], axis=1)

    def boxes_to_original(self, boxes_cxcywh: NDArray[np.floating]) -> NDArray[np.float64]:
        """Boxes in the frame of the image, clipped to it.

        Args:
            boxes_cxcywh: (N, 4) normalized to the network input.

        Returns:
            (N, 4) normalized to the image; a box outside has no width or height left.
        """
        boxes = np.array(boxes_cxcywh, dtype=np.float64).reshape(-1, 4)
        if self.mirrored:
            boxes[:, 0] = 1.0 - boxes[:, 0]
        image, network = self._sizes()
        center = (boxes[:, :2] * network - self._pad()) / self.scale / image
        half = boxes[:, 2:] * network / self.scale / image / 2
        return clip_boxes(np.concatenate([center, half * 2], axis=1))

    def paste(self, image_HW3: NDArray[np.uint8], fill: int) -> NDArray[np.uint8]:
        """The network input: the image resampled once (bilinear, antialiased) on a grey ground.

        Only pixels wholly inside the image are taken from it, so that its border never mixes with the ground.

        Args:
            image_HW3: (height, width, 3) uint8.
            fill: grey level around the image, 0 to 255.

        Returns:
            (input_height, input_width, 3) uint8.
        """
        assert image_HW3.shape[:2] == (self.height, self.width), "the image this placement was made for"
        canvas = np.full((self.input_height, self.input_width, 3), fill, dtype=np.uint8)
        left, right, box_left, box_right = self._span(self.pad_x_px, self.width, self.input_width)
        top, bottom, box_top, box_bottom = self._span(self.pad_y_px, self.height, self.input_height)
        if left < right and top < bottom:
            canvas[top:bottom, left:right] = _resample(
                image_HW3, (box_left, box_top, box_right, box_bottom), (right - left, bottom - top)
            )
        return np.ascontiguousarray(canvas[:, ::-1]) if self.mirrored else canvas

    def _span(self, pad: float, size: int, input_size: int) -> tuple[int, int, float, float]:
        """Input pixels ``low`` to ``high`` that the image covers wholly, and the stretch of the image they show."""
        low = max(0, math.ceil(pad - ROUNDING))
        high = min(input_size, math.floor(pad + size * self.scale + ROUNDING))
        if high == low < input_size and pad + size * self.scale > low:
            return low, low + 1, 0.0, float(size)  # thinner than a pixel: shown as one
        return low, high, max(0.0, (low - pad) / self.scale), min(float(size), (high - pad) / self.scale)

    def _sizes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return np.array([self.width, self.height], float), np.array([self.input_width, self.input_height], float)

    def _pad(self) -> NDArray[np.float64]:
        return np.array([self.pad_x_px, self.pad_y_px])


def clip_boxes(boxes_cxcywh: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part of each box inside its frame.

    Args:
        boxes_cxcywh: (N, 4) normalized.

    Returns:
        (N, 4) normalized, inside [0, 1].
    """
    center, half = boxes_cxcywh[:, :2], boxes_cxcywh[:, 2:] / 2
    low, high = np.clip(center - half, 0.0, 1.0), np.clip(center + half, 0.0, 1.0)
    return np.concatenate([(low + high) / 2, high - low], axis=1)


def _resample(
    image_HW3: NDArray[np.uint8], box: tuple[float, float, float, float], size: tuple[int, int]
) -> NDArray[np.uint8]:
    height, width = image_HW3.shape[:2]
    if size == (width, height) and box == (0.0, 0.0, width, height):
        return image_HW3
    return np.asarray(Image.fromarray(image_HW3).resize(size, Image.Resampling.BILINEAR, box=box))
