"""Snow, frost, fog. Parameters: Hendrycks & Dietterich, 2019, ImageNet-C; lengths in px."""

# Shapes: H and W of the image in px.
# Arguments and results of corruptions are as `CorruptPicture` says.

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolozu.data.corruption.fractal_noise import plasma
from yolozu.data.corruption.frost import frost_pattern
from yolozu.data.corruption.pixels import as_fractions, as_levels, filtered, streak

SNOW = (
    (0.1, 0.3, 3.0, 0.5, 10, 4.0, 0.8),
    (0.2, 0.3, 2.0, 0.5, 12, 4.0, 0.7),
    (0.55, 0.3, 4.0, 0.9, 12, 8.0, 0.7),
    (0.55, 0.3, 4.5, 0.85, 12, 8.0, 0.65),
    (0.55, 0.3, 2.5, 0.85, 12, 12.0, 0.55),
)
"""Mean and deviation of the noise that flakes come from, size of a flake, least brightness of one, radius and Gaussian
of its streak, and the weight of the picture against its whitened self."""

FALL = (-0.75 * math.pi, -0.25 * math.pi)
"""Directions from which flakes fall, radians from +x toward +y."""

GREY = np.array((0.299, 0.587, 0.114), np.float32)
"""Luma of ITU-R BT.601."""

FROST = ((1.0, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75))
"""Weights of picture and ice."""

FOG = ((1.5, 2.0), (2.0, 2.0), (2.5, 1.7), (2.5, 1.5), (3.0, 1.4))
"""Thickness, and decay of the clouds."""


def snow(image_HW3: NDArray[np.uint8], severity: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """A whitened picture behind falling flakes, near ones and the same ones turned around."""
    mean, deviation, size, least, radius, sigma, weight = SNOW[severity - 1]
    height, width = image_HW3.shape[:2]
    grains = generator.standard_normal((math.ceil(height / size), math.ceil(width / size)), dtype=np.float32)
    picture = Image.fromarray(grains * np.float32(deviation) + np.float32(mean))
    flakes_HW = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))
    flakes_HW = np.clip(np.where(flakes_HW < least, np.float32(0.0), flakes_HW), 0.0, 1.0)
    flakes_HW = filtered(flakes_HW, streak(radius, sigma, generator.uniform(*FALL)), "edge")
    fractions = as_fractions(image_HW3)
    white = np.maximum(fractions, (fractions @ GREY)[..., None] * np.float32(1.5) + np.float32(0.5))
    ground = np.float32(weight) * fractions + np.float32(1.0 - weight) * white
    return as_levels(ground + (flakes_HW + flakes_HW[::-1, ::-1])[..., None])


def frost(image_HW3: NDArray[np.uint8], severity: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Ice on a window before the picture; drawn, where the source has photographs."""
    of_picture, of_ice = (np.float32(weight) for weight in FROST[severity - 1])
    height, width = image_HW3.shape[:2]
    return as_levels(of_picture * as_fractions(image_HW3) + of_ice * frost_pattern(height, width, generator))


def fog(image_HW3: NDArray[np.uint8], severity: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Clouds over the picture; the brightest value of both together is the picture's own."""
    thickness, decay = FOG[severity - 1]
    height, width = image_HW3.shape[:2]
    fractions = as_fractions(image_HW3)
    brightest = fractions.max()
    clouds_HW = plasma(height, width, decay, generator)
    hazy = fractions + np.float32(thickness) * clouds_HW[..., None]
    return as_levels(hazy * (brightest / (brightest + np.float32(thickness))))
