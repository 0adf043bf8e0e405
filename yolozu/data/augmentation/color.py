"""Changes of color, sharpness and noise: pixels change, boxes do not. All work on (H, W, 3) uint8 RGB."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter


def shift_hsv(image_HW3: NDArray[np.uint8], *, hue: float, saturation: float, value: float) -> NDArray[np.uint8]:
    """The image with its hue turned and its saturation and brightness scaled.

    Args:
        image_HW3: uint8 RGB.
        hue: turn, as a fraction of the hue circle.
        saturation: factor, at least 0.
        value: factor, at least 0.

    Returns:
        uint8 RGB; channels saturate at 255. The hue circle has 256 steps.
    """
    levels = np.arange(256)
    tables = np.concatenate(
        [
            (levels + round(hue * 256)) % 256,
            np.clip(np.rint(levels * saturation), 0, 255),
            np.clip(np.rint(levels * value), 0, 255),
        ]
    )
    hsv = Image.fromarray(image_HW3).convert("HSV")
    return np.asarray(hsv.point(tables.astype(int).tolist()).convert("RGB"))


def to_gray(image_HW3: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The image without color: luma of ITU-R BT.601 in all channels."""
    return np.asarray(Image.fromarray(image_HW3).convert("L").convert("RGB"))


def blur(image_HW3: NDArray[np.uint8], sigma_px: float) -> NDArray[np.uint8]:
    """The image under a Gaussian of standard deviation ``sigma_px``."""
    return np.asarray(Image.fromarray(image_HW3).filter(ImageFilter.GaussianBlur(sigma_px)))


def add_noise(image_HW3: NDArray[np.uint8], std: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """The image with independent Gaussian noise of ``std`` grey levels on every channel, clipped to 0 to 255."""
    noise = generator.standard_normal(image_HW3.shape, dtype=np.float32) * np.float32(std)
    return np.clip(np.rint(image_HW3 + noise), 0, 255).astype(np.uint8)
