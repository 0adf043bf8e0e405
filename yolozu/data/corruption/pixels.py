"""Pixels as numbers and back, filters with any kernel, and a closer look: what several corruptions are made of."""

# Shapes: H and W of the image in px, ... its channels, none or three.

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import correlate1d

WHITE = np.float32(255.0)


def as_fractions(image_HW3: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Grey levels as numbers from 0 to 1."""
    return image_HW3.astype(np.float32) / WHITE


def as_levels(fractions_HW3: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Numbers as grey levels, rounded; what is below 0 or above 1 is clipped."""
    levels: NDArray[np.uint8] = np.rint(np.clip(fractions_HW3, 0.0, 1.0) * WHITE).astype(np.uint8)
    return levels


def filtered(
    values_HW: NDArray[np.float32], kernel_KK: NDArray[np.float32], border: Literal["edge", "reflect"]
) -> NDArray[np.float32]:
    """The values under a kernel: ``out[y, x] = sum kernel[r + i, r + j] values[y + i, x + j]``, K = 2 r + 1.

    By FFT, so that large kernels cost no more than small ones.

    Args:
        values_HW: (H, W, ...) float32.
        kernel_KK: (K, K), K odd.
        border: what lies beyond the border: its pixels again, or the picture mirrored in them.

    Returns:
        (H, W, ...) float32.
    """
    height, width = values_HW.shape[:2]
    radius = kernel_KK.shape[0] // 2
    padded = np.pad(values_HW, [(radius, radius)] * 2 + [(0, 0)] * (values_HW.ndim - 2), mode=border)
    planes = np.moveaxis(padded, -1, 0) if values_HW.ndim == 3 else padded
    size = [scipy.fft.next_fast_len(side, real=True) for side in padded.shape[:2]]
    spectrum = scipy.fft.rfft2(planes, size) * scipy.fft.rfft2(kernel_KK, size).conj()
    result = scipy.fft.irfft2(spectrum, size)[..., :height, :width]
    return np.moveaxis(result, 0, -1) if values_HW.ndim == 3 else result


def disk(radius: int, sigma: float) -> NDArray[np.float32]:
    """A disk with a softened rim, of sum 1.

    Source: Hendrycks & Dietterich, 2019, ``disk``: the softening Gaussian has 3 taps up to a radius of 8, then 5.

    Args:
        radius: in px.
        sigma: of the Gaussian, in px.

    Returns:
        (K, K), K odd and large enough for all of it.
    """
    taps = 1 if radius <= 8 else 2
    offsets = np.arange(-radius - taps, radius + taps + 1)
    inside = offsets[:, None] ** 2 + offsets**2 <= radius**2
    bell = np.exp(-(np.arange(-taps, taps + 1) ** 2) / (2.0 * sigma**2))
    soft = correlate1d(correlate1d(inside.astype(float), bell, 0, mode="constant"), bell, 1, mode="constant")
    kernel: NDArray[np.float32] = (soft / soft.sum()).astype(np.float32)
    return kernel


def streak(radius: int, sigma: float, angle: float) -> NDArray[np.float32]:
    """One half of a Gaussian along a line that starts in the middle, of sum 1: what ImageMagick calls motion blur.

    Being one-sided, it moves what it blurs by up to ``0.8 sigma``, against the angle.

    Args:
        radius: 2 radius + 1 px is the length.
        sigma: of the Gaussian, in px.
        angle: radians from +x toward +y.

    Returns:
        (K, K), K = 4 radius + 1.
    """
    reach = 2 * radius
    steps = np.arange(reach + 1)
    weights = np.exp(-(steps**2) / (2.0 * sigma**2))
    line = np.zeros((2 * reach + 1, 2 * reach + 1))
    rows, columns = (np.ceil(steps * part - 0.5).astype(int) for part in (math.sin(angle), math.cos(angle)))
    np.add.at(line, (reach + rows, reach + columns), weights)
    kernel: NDArray[np.float32] = (line / line.sum()).astype(np.float32)
    return kernel


def magnified(image: Image.Image, factor: float) -> Image.Image:
    """The middle of an image, ``factor`` times as large (at least 1), interpolated linearly to the image's size."""
    width, height = image.size
    left, top = (width - width / factor) / 2.0, (height - height / factor) / 2.0
    return image.resize(image.size, Image.Resampling.BILINEAR, (left, top, width - left, height - top))
