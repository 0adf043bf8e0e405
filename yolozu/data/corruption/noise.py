"""Noise of sensors and bits. Parameters: Hendrycks & Dietterich, 2019, ImageNet-C."""

# Arguments and results of corruptions are as `CorruptPicture` says.

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from yolozu.data.corruption.pixels import WHITE, as_fractions, as_levels

STD = (0.08, 0.12, 0.18, 0.26, 0.38)
"""Standard deviation of Gaussian noise, as a fraction of white."""

PHOTONS = (60, 25, 12, 5, 3)
"""Photons that make white."""

SHARE = (0.03, 0.06, 0.09, 0.17, 0.27)
"""Share of values that impulses replace."""


def gaussian_noise(image_HW3: NDArray[np.uint8], severity: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Independent Gaussian noise on every value: low light."""
    noise = generator.standard_normal(image_HW3.shape, dtype=np.float32)
    return as_levels(as_fractions(image_HW3) + noise * np.float32(STD[severity - 1]))


def shot_noise(image_HW3: NDArray[np.uint8], severity: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Every value counted in photons, of which there are few: Poisson noise."""
    photons = np.float32(PHOTONS[severity - 1])
    counts = generator.poisson(as_fractions(image_HW3) * photons)
    return as_levels(counts.astype(np.float32) / photons)


def impulse_noise(image_HW3: NDArray[np.uint8], severity: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """A share of all values replaced by 0 or 255 alike: salt and pepper, of each channel on its own."""
    share = SHARE[severity - 1]
    draws = generator.random(image_HW3.shape, dtype=np.float32)
    impulses = np.where(draws < share / 2.0, np.uint8(0), np.uint8(WHITE))
    return np.where(draws < share, impulses, image_HW3)
