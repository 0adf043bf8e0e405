"""Objects cut out of an image along their masks, and laid onto another."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from yolozu.data.placement import Placement

REACH_PX = 3
"""Input px around an object that its resampling can touch, or that its soft edge looks at."""


def placed_cut_out(image_HW3: NDArray[np.uint8], mask_HW: NDArray[np.bool_], placement: Placement) -> NDArray[np.uint8]:
    """The objects of an image in the network input, with a channel that says how much of a pixel they cover.

    Args:
        image_HW3: (H, W, 3) uint8 RGB.
        mask_HW: the objects' pixels.
        placement: where the image lies.

    Returns:
        (input_height, input_width, 4) uint8 RGBA; colors are the objects' own wherever the fourth channel is not 0.
    """
    rows, columns = around_mask(mask_HW, margin=math.ceil(REACH_PX / min(placement.scale, placement.scale_y, 1.0)))
    part = cut_out(image_HW3[rows, columns], mask_HW[rows, columns])
    return placement.of_part(columns.start, rows.start, part.shape[1], part.shape[0]).paste(part, 0)


def cut_out(image_HW3: NDArray[np.uint8], mask_HW: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The image with a channel that says where it counts.

    Args:
        image_HW3: uint8 RGB.
        mask_HW: the pixels that do.

    Returns:
        (H, W, 4) uint8: 255 in the fourth channel where the mask is, else 0.
    """
    return np.concatenate([image_HW3, np.where(mask_HW, np.uint8(255), np.uint8(0))[:, :, None]], axis=2)


def around_mask(mask_HW: NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    """Rows and columns of the smallest part of an image that shows all of a mask and ``margin`` px around it.

    One pixel where nothing is marked.
    """
    rows, columns = np.flatnonzero(mask_HW.any(axis=1)), np.flatnonzero(mask_HW.any(axis=0))
    if not len(rows):
        return slice(0, 1), slice(0, 1)
    height, width = mask_HW.shape
    return (
        slice(max(0, int(rows[0]) - margin), min(height, int(rows[-1]) + 1 + margin)),
        slice(max(0, int(columns[0]) - margin), min(width, int(columns[-1]) + 1 + margin)),
    )


def soft_edge(alpha_HW: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A cut-out's edge made soft over one px, inward: what lay behind the object does not come along.

    Args:
        alpha_HW: 0 to 255.

    Returns:
        (H, W) uint8; twice the mean of a pixel and its neighbors, less 255: a third at a straight edge; never more
        than before.
    """
    mean = np.asarray(Image.fromarray(alpha_HW).filter(ImageFilter.BoxBlur(1)))
    soft = np.where(mean > 127, (mean - np.uint8(128)) * np.uint8(2) + np.uint8(1), np.uint8(0))
    return np.minimum(soft, alpha_HW)


def laid_onto(
    ground_HW3: NDArray[np.uint8], color_HW3: NDArray[np.uint8], alpha_HW: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """The ground where alpha is 0, the color where it is 255, between them in proportion.

    Args:
        ground_HW3: uint8 RGB.
        color_HW3: uint8 RGB.
        alpha_HW: uint8.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    mask = Image.fromarray(alpha_HW)
    return np.asarray(Image.composite(Image.fromarray(color_HW3), Image.fromarray(ground_HW3), mask))
