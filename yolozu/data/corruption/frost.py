"""Ice on a window, drawn: feathers that grow from seeds, thicker here and thinner there.

The photographs of ice that Hendrycks & Dietterich, 2019, blend with pictures are not shipped here. What is drawn in
their place has their brightness (mean 0.63 of white, bluish; theirs 0.64), about their contrast (deviation 0.15; theirs
0.08 to 0.17) and, like them, sharp edges in all directions. Numbers measured with it are near those measured with the
photographs, not equal to them.
"""

# Shapes: H and W of the image in px, S seeds.

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates
from scipy.spatial import cKDTree

from yolozu.data.corruption.fractal_noise import plasma

SIDE = 640
"""Longer side of the pictures that the lengths below are meant for. In larger ones feathers are larger, in smaller ones
there are fewer: the photographs are scaled up to a picture, never down."""

FEATHER = 70.0
"""Side of the square that a feather and its neighbor share, px."""

BARB_ANGLE = math.radians(35.0)
"""Between a feather's spine and its barbs."""

SPINE_WIDTH, BARB_WIDTH, BARB_LENGTH = 1.5, 1.8, 30.0
"""In px."""

WARP = 56.0
"""How crooked feathers are: range of the displacement, px."""

GRAIN = 256
"""Side of the noise that barbs are cut from."""

DARK = np.array((0.20, 0.30, 0.36), np.float32)
BRIGHT = np.array((0.93, 0.96, 1.00), np.float32)
"""Thin and thick ice."""


def frost_pattern(height: int, width: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """A window full of ice.

    Args:
        height: in px.
        width: in px.
        generator: of the ice.

    Returns:
        (height, width, 3) float32 RGB, 0 to 1.
    """
    scale = max(1.0, max(height, width) / SIDE)
    warp, thickness = (plasma(height, width, decay, generator) for decay in (1.5, 1.7))
    displacement = (warp - np.float32(0.5)) * np.float32(WARP * scale)
    along, across = _feather_coordinates(height, width, FEATHER * scale, displacement, generator)
    turn = np.where(across < 0.0, np.float32(-BARB_ANGLE), np.float32(BARB_ANGLE))
    sine, cosine = np.sin(turn), np.cos(turn)
    barbs = (
        (across * cosine - along * sine) / np.float32(BARB_WIDTH * scale),
        (along * cosine + across * sine) / np.float32(BARB_LENGTH * scale),
    )
    grain = generator.random((GRAIN, GRAIN), np.float32)
    crystals = np.square(map_coordinates(grain, barbs, order=1, mode="grid-wrap"))
    spine = np.exp(-np.abs(across) / np.float32(SPINE_WIDTH * scale))
    amount = np.clip(0.9 * thickness + (0.9 * crystals + 0.4 * spine) * (0.3 + thickness) - 0.16, 0.0, 1.0)[..., None]
    ice: NDArray[np.float32] = DARK + amount.astype(np.float32) * (BRIGHT - DARK)
    return ice


def _feather_coordinates(
    height: int, width: int, size: float, displacement: NDArray[np.float32], generator: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Every pixel's place in the feather it belongs to: along its spine and across it, px from its seed.

    Args:
        height: of the image.
        width: of the image.
        size: side of the square that two feathers share, px.
        displacement: (H, W) px, by which pixels are looked up elsewhere.
        generator: of seeds and directions.

    Returns:
        (H, W) float32 each.
    """
    number = math.ceil(height / size) * math.ceil(width / size) * 2
    seeds_S2 = generator.random((number, 2)) * (height, width)
    angles_S = generator.uniform(0.0, 2.0 * math.pi, number)
    rows, columns = np.mgrid[0:height:2, 0:width:2]
    moved = displacement[::2, ::2]
    nearest = cKDTree(seeds_S2).query(np.stack([rows + moved, columns - moved], axis=-1))[1]
    feather = np.repeat(np.repeat(nearest, 2, 0), 2, 1)[:height, :width]
    y = np.arange(height, dtype=np.float32)[:, None] + displacement - seeds_S2.astype(np.float32)[feather, 0]
    x = np.arange(width, dtype=np.float32) - displacement - seeds_S2.astype(np.float32)[feather, 1]
    sine, cosine = (part(angles_S).astype(np.float32)[feather] for part in (np.sin, np.cos))
    return x * cosine + y * sine, y * cosine - x * sine
