"""Blur of lenses, glass and motion. Parameters: Hendrycks & Dietterich, 2019, ImageNet-C; lengths in px."""

# Shapes: H and W of the image in px, P its pixels.
# Arguments and results of corruptions are as `CorruptPicture` says.

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from yolozu.data.corruption.pixels import WHITE, as_fractions, as_levels, disk, filtered, magnified, streak

DEFOCUS = ((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5))
"""Radius of the disk, and of the Gaussian that softens its rim."""

GLASS = ((0.7, 1, 2), (0.9, 2, 1), (1.0, 2, 3), (1.1, 3, 2), (1.5, 4, 2))
"""Gaussian before and after, reach of the shuffling, how often it is done."""

MOTION = ((10, 3.0), (15, 5.0), (15, 8.0), (15, 12.0), (20, 15.0))
"""Radius and Gaussian of the streak."""

MOTION_ANGLE = math.pi / 4.0
"""Largest angle between a streak and the horizontal."""

ZOOMS = ((0.01, 11), (0.01, 16), (0.02, 11), (0.02, 13), (0.03, 11))
"""Step of the zoom factors from 1 on, and their number."""


def defocus_blur(image_HW3: NDArray[np.uint8], severity: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Every point a disk: a lens out of focus."""
    del generator
    return as_levels(filtered(as_fractions(image_HW3), disk(*DEFOCUS[severity - 1]), "reflect"))


def glass_blur(image_HW3: NDArray[np.uint8], severity: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Pixels shuffled with near ones between two Gaussians: frosted glass."""
    sigma, reach, times = GLASS[severity - 1]
    height, width, channels = image_HW3.shape
    soft_P3 = _softened(as_fractions(image_HW3), sigma).reshape(-1, channels)
    for _ in range(times):
        soft_P3 = soft_P3[shuffled_sources(height, width, reach, generator).reshape(-1)]
    return as_levels(_softened(soft_P3.reshape(image_HW3.shape), sigma))


def motion_blur(image_HW3: NDArray[np.uint8], severity: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Every point a streak, at most 45° from the horizontal: a camera that moves."""
    radius, sigma = MOTION[severity - 1]
    angle = generator.uniform(-MOTION_ANGLE, MOTION_ANGLE)
    return as_levels(filtered(as_fractions(image_HW3), streak(radius, sigma, angle), "edge"))


def zoom_blur(image_HW3: NDArray[np.uint8], severity: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """The mean of ever closer looks at the middle: a camera that moves forward."""
    del generator
    step, number = ZOOMS[severity - 1]
    picture = Image.fromarray(image_HW3)
    total_HW3 = 2 * image_HW3.astype(np.uint16)  # the picture itself, and its look from where it was taken
    for count in range(1, number):
        total_HW3 += np.asarray(magnified(picture, 1.0 + count * step))
    return as_levels(total_HW3.astype(np.float32) / (WHITE * (number + 1)))


def shuffled_sources(height: int, width: int, reach: int, generator: np.random.Generator) -> NDArray[np.intp]:
    """Which pixel each pixel shows after a shuffling.

    The published shuffling visits pixels one by one, from the bottom right to ``reach`` before the top left, and gives
    each the value of a near one, which may have been given another's before. So a pixel shows what the chain of visited
    pixels ends at, and all chains are followed at once.

    Args:
        height: of the image.
        width: of the image.
        reach: offsets are from -reach to reach - 1, in both directions.
        generator: of the offsets.

    Returns:
        (H, W) indices into the H * W pixels.
    """
    own = np.arange(height * width).reshape(height, width)
    visited_rows, visited_columns = (slice(reach + 1, side - reach + 1) for side in (height, width))
    visited = np.zeros((height, width), bool)
    visited[visited_rows, visited_columns] = True
    if not visited.any():
        return own
    source = own.copy()
    region = own[visited_rows, visited_columns]
    offsets = generator.integers(-reach, reach, (2, *region.shape))
    source[visited_rows, visited_columns] = region + offsets[0] * width + offsets[1]
    follows = visited & visited.reshape(-1)[source] & (source > own)
    target = np.where(follows, source, own).reshape(-1)
    while True:
        further = target[target]
        if np.array_equal(further, target):
            return source.reshape(-1)[target].reshape(height, width)
        target = further


def _softened(fractions_HW3: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    soft: NDArray[np.float32] = gaussian_filter(fractions_HW3, (sigma, sigma, 0.0), mode="nearest")
    return soft
