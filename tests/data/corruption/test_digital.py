from __future__ import annotations

import colorsys
import io

import numpy as np
import pytest
from PIL import Image

from tests.data.corruption.pictures import flat, scene
from yolozu.data.corruption.digital import (
    CONTRAST,
    JPEG_QUALITY,
    RESOLUTION,
    VALUE_ADDED,
    brightness,
    contrast,
    elastic_offsets,
    elastic_transform,
    jpeg_compression,
    pixelate,
)

each_severity = pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])


def generator(seed=0):
    return np.random.default_rng(seed)


@each_severity
@pytest.mark.parametrize("color", [(0, 0, 0), (200, 100, 50), (10, 10, 10), (0, 0, 255), (255, 255, 255)])
def test_brightness_adds_to_the_value_of_hsv(severity, color):
    hue, saturation, value = colorsys.rgb_to_hsv(*(level / 255 for level in color))
    expected = colorsys.hsv_to_rgb(hue, saturation, min(1.0, value + VALUE_ADDED[severity - 1]))
    result = brightness(flat(color), severity, generator())
    assert result[3, 4] == pytest.approx(np.array(expected) * 255, abs=0.51)


@each_severity
def test_contrast_shrinks_deviations_and_keeps_the_mean_of_each_channel(severity):
    image = scene()
    result = contrast(image, severity, generator()).astype(float)
    assert result.mean(axis=(0, 1)) == pytest.approx(image.mean(axis=(0, 1)), abs=0.1)
    assert result.std(axis=(0, 1)) == pytest.approx(image.std(axis=(0, 1)) * CONTRAST[severity - 1], abs=0.3)


@each_severity
@pytest.mark.parametrize("size", [(480, 640), (160, 160), (100, 100)], ids=str)
def test_elastic_offsets_are_about_2_px_whatever_the_size(severity, size):
    offsets = elastic_offsets(*size, severity, generator())
    assert offsets.std() == pytest.approx(2.2 * (0.417, 0.542, 0.708, 0.833, 1.0)[severity - 1], rel=0.2)
    assert np.abs(offsets).max() < 12.0
    assert abs(offsets.mean()) < 0.2


def test_an_elastic_picture_shows_what_was_near():
    image = np.zeros((160, 160, 3), np.uint8)
    image[..., 0], image[..., 1] = np.arange(160)[:, None], np.arange(160)
    moved = elastic_transform(image, 5, generator())[20:-20, 20:-20].astype(float) - image[20:-20, 20:-20]
    assert np.abs(moved).max() < 12.0
    assert moved[..., :2].std(axis=(0, 1)) == pytest.approx([2.2, 2.2], rel=0.2)
    assert np.array_equal(moved[..., 2], np.zeros((120, 120)))


@each_severity
def test_pixels_become_fewer(severity):
    result = pixelate(scene(120, 160), severity, generator())
    kept = RESOLUTION[severity - 1]
    assert 1 + np.any(np.diff(result.astype(int), axis=1) != 0, axis=(0, 2)).sum() == int(160 * kept)
    assert 1 + np.any(np.diff(result.astype(int), axis=0) != 0, axis=(1, 2)).sum() == int(120 * kept)


def test_large_pixels_are_means():
    image = scene(8, 8)
    result = pixelate(image, 5, generator())
    assert result[0, 0] == pytest.approx(image[:4, :4].mean(axis=(0, 1)), abs=0.51)


@each_severity
def test_jpeg_has_the_quality_of_the_table(severity):
    file = io.BytesIO()
    Image.fromarray(scene()).save(file, "JPEG", quality=JPEG_QUALITY[severity - 1])
    with Image.open(file) as expected:
        assert np.array_equal(jpeg_compression(scene(), severity, generator()), np.asarray(expected))
