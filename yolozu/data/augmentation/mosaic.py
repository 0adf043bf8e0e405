"""Four images in the quarters of one network input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHARE = (0.3, 0.7)
"""Where the input is divided, as a fraction of its side."""


@dataclass(frozen=True)
class Quarter:
    """A rectangle of whole px of the network input."""

    left: int
    top: int
    width: int
    height: int


def draw_mosaic(
    generator: np.random.Generator, num_images: int, width: int, height: int
) -> tuple[list[int], list[Quarter]]:
    """Three further images, and the quarters in an order that puts the first image anywhere.

    Args:
        generator: the randomness.
        num_images: of the training set.
        width: of the network input, px.
        height: of the network input, px.

    Returns:
        3 image numbers and 4 quarters.
    """
    others = generator.integers(num_images, size=3).tolist()
    share_x, share_y = generator.uniform(*SHARE, size=2).tolist()
    x, y = round(share_x * width), round(share_y * height)
    quarters = [
        Quarter(left, top, right - left, bottom - top)
        for top, bottom in ((0, y), (y, height))
        for left, right in ((0, x), (x, width))
    ]
    return others, [quarters[place] for place in generator.permutation(4).tolist()]


def mosaic_image(
    images: Sequence[NDArray[np.uint8]], quarters: Sequence[Quarter], width: int, height: int
) -> NDArray[np.uint8]:
    """(height, width, 3) uint8 of images that each have the size of their quarter."""
    canvas = np.empty((height, width, 3), np.uint8)
    for image, quarter in zip(images, quarters, strict=True):
        place = np.s_[quarter.top : quarter.top + quarter.height, quarter.left : quarter.left + quarter.width]
        canvas[place] = image
    return canvas


def boxes_of_quarter(
    boxes_cxcywh: NDArray[np.floating], quarter: Quarter, width: int, height: int
) -> NDArray[np.float64]:
    """Boxes of a quarter in the whole input.

    Args:
        boxes_cxcywh: (N, 4) normalized to the quarter.
        quarter: where it lies.
        width: of the network input, px.
        height: of the network input, px.

    Returns:
        (N, 4) normalized to the network input.
    """
    sides = np.array([quarter.width, quarter.height] * 2, np.float64)
    corner = np.array([quarter.left, quarter.top, 0, 0], np.float64)
    return (np.asarray(boxes_cxcywh, np.float64) * sides + corner) / np.array([width, height] * 2, np.float64)
