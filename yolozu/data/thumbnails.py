"""Pictures made small, for sheets that people look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

MARKED = (255, 40, 40)
OUTLINE_PX = 2
SMALL_SHARE = 0.15
"""A box whose longer side is a smaller part of the picture's is shown from nearer."""
AROUND = 6.0
"""What is then shown, in longer sides of the box; at least so many px of the picture as its thumbnail has."""


def fitted(width: int, height: int, box_width: int, box_height: int) -> tuple[int, int]:
    """The largest size of that aspect ratio within a box, at least 1×1 px."""
    factor = min(box_width / width, box_height / height)
    return max(1, round(width * factor)), max(1, round(height * factor))


def thumbnail(
    image_HW3: NDArray[np.uint8], width: int, height: int, box_cxcywh: Sequence[float] | None = None
) -> Image.Image:
    """A picture within ``width`` × ``height`` px, with a box in red; of a small box only what is around it.

    Args:
        image_HW3: (H, W, 3) uint8 RGB.
        width: most px.
        height: most px.
        box_cxcywh: center and size, normalized to the picture; None where there is none.
    """
    image = Image.fromarray(image_HW3)
    left, top, right, bottom = (0, 0, *image.size) if box_cxcywh is None else _shown(image.size, box_cxcywh, width)
    size = fitted(right - left, bottom - top, width, height)
    small = image.resize(size, Image.Resampling.BILINEAR, box=(left, top, right, bottom), reducing_gap=2.0)
    if box_cxcywh is not None:
        scale = size[0] / (right - left)
        x0, y0, x1, y1 = _corners(image.size, box_cxcywh)
        corners = ((x0 - left) * scale, (y0 - top) * scale, (x1 - left) * scale, (y1 - top) * scale)
        ImageDraw.Draw(small).rectangle(_within(corners, size), outline=MARKED, width=OUTLINE_PX)
    return small


def _corners(size: tuple[int, int], box_cxcywh: Sequence[float]) -> tuple[float, float, float, float]:
    cx, cy, width, height = box_cxcywh
    xs, ys = sorted((cx - width / 2, cx + width / 2)), sorted((cy - height / 2, cy + height / 2))
    return xs[0] * size[0], ys[0] * size[1], xs[1] * size[0], ys[1] * size[1]


def _within(corners: Sequence[float], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """The corners moved into the picture, so that of a box outside it a line is left at its border."""
    x0, y0, x1, y1 = (min(max(value, 0.0), end - 1.0) for value, end in zip(corners, (*size, *size), strict=True))
    return x0, y0, max(x0 + 1, x1), max(y0 + 1, y1)


def _shown(size: tuple[int, int], box_cxcywh: Sequence[float], thumbnail_px: int) -> tuple[int, int, int, int]:
    """What is shown of a picture, px: all of it, or a square around a small box."""
    x0, y0, x1, y1 = _corners(size, box_cxcywh)
    longer = max(x1 - x0, y1 - y0)
    if longer >= SMALL_SHARE * max(size):
        return 0, 0, *size
    side = min(round(max(AROUND * longer, thumbnail_px / 2)), *size)
    left = round(min(max(0.0, (x0 + x1 - side) / 2), size[0] - side))
    top = round(min(max(0.0, (y0 + y1 - side) / 2), size[1] - side))
    return left, top, left + side, top + side
