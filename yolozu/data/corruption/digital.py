"""Light, contrast, warping, resolution, compression. Parameters: Hendrycks & Dietterich, 2019, ImageNet-C."""

# Shapes: H and W of the image in px.
# Arguments and results of corruptions are as `CorruptPicture` says.

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter, map_coordinates

from yolozu.data.corruption.pixels import as_fractions, as_levels

VALUE_ADDED = (0.1, 0.2, 0.3, 0.4, 0.5)
"""What is added to HSV's value, as a fraction of white."""

CONTRAST = (0.4, 0.3, 0.2, 0.1, 0.05)
"""Share of every deviation from the mean that stays."""

ELASTIC = (12.5, 16.25, 21.25, 25.0, 30.0)
"""Factor of the offsets."""

ELASTIC_OFFSET, ELASTIC_SIGMA = 0.005, 0.01
"""Largest offset before it is smoothed, and the Gaussian that smooths it, as fractions of the image's sides."""

RESOLUTION = (0.6, 0.5, 0.4, 0.3, 0.25)
"""Share of the pixels of a side that stays."""

JPEG_QUALITY = (25, 18, 15, 10, 7)


def brightness(image_HW3: NDArray[np.uint8], severity: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """A higher value at the same hue and saturation (HSV): broad daylight."""
    del generator
    fractions = as_fractions(image_HW3)
    value = fractions.max(axis=-1, keepdims=True)
    brighter = np.minimum(value + np.float32(VALUE_ADDED[severity - 1]), 1.0)
    is_black = value == 0.0
    return as_levels(np.where(is_black, brighter, fractions * (brighter / np.where(is_black, 1.0, value))))


def contrast(image_HW3: NDArray[np.uint8], severity: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Every channel nearer to its mean."""
    del generator
    fractions = as_fractions(image_HW3)
    mean = fractions.mean(axis=(0, 1))
    return as_levels((fractions - mean) * np.float32(CONTRAST[severity - 1]) + mean)


def elastic_transform(image_HW3: NDArray[np.uint8], severity: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """The picture warped by smooth random offsets.

    For images of any size after Michaelis et al., 2019: whatever the size, a point moves by about 2 px (deviation, in
    each direction, at severity 5), and hardly ever by more than 10 px.
    """
    height, width = image_HW3.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    places = (
        rows + elastic_offsets(height, width, severity, generator),
        columns + elastic_offsets(height, width, severity, generator),
    )
    warped = [
        map_coordinates(image_HW3[..., channel], places, np.float32, order=1, mode="reflect") for channel in range(3)
    ]
    levels: NDArray[np.uint8] = np.rint(np.stack(warped, axis=-1)).astype(np.uint8)
    return levels


def elastic_offsets(height: int, width: int, severity: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """How far the pixels move in one direction, (height, width) px."""
    largest = height * ELASTIC_OFFSET
    offsets = (2 * generator.random((height, width), np.float32) - 1) * np.float32(largest * ELASTIC[severity - 1])
    smooth: NDArray[np.float32] = gaussian_filter(
        offsets, (height * ELASTIC_SIGMA, width * ELASTIC_SIGMA), mode="reflect", truncate=3.0
    )
    return smooth


def pixelate(image_HW3: NDArray[np.uint8], severity: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Fewer, larger pixels."""
    del generator
    picture, share = Image.fromarray(image_HW3), RESOLUTION[severity - 1]
    small = picture.resize([max(1, int(side * share)) for side in picture.size], Image.Resampling.BOX)
    return np.asarray(small.resize(picture.size, Image.Resampling.NEAREST))


def jpeg_compression(image_HW3: NDArray[np.uint8], severity: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """The picture after a strong JPEG compression."""
    del generator
    file = io.BytesIO()
    Image.fromarray(image_HW3).save(file, "JPEG", quality=JPEG_QUALITY[severity - 1])
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"))
