from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import correlate

from tests.data.corruption.pictures import flat, scene
from yolozu.data.corruption.pixels import as_fractions, as_levels, disk, filtered, magnified, streak


def test_levels_survive_the_way_to_fractions_and_back():
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(as_levels(as_fractions(levels)), levels)
    assert as_levels(np.array([-0.5, 1.5, 0.4999], np.float32)).tolist() == [0, 255, 127]


@pytest.mark.parametrize(("border", "mode"), [("edge", "nearest"), ("reflect", "mirror")])
@pytest.mark.parametrize("shape", [(31, 18), (31, 18, 3)])
def test_filtering_is_correlation(border, mode, shape):
    values = np.random.default_rng(0).random(shape, np.float32)
    kernel = np.random.default_rng(1).random((7, 7), np.float32)
    expected = correlate(values, kernel.reshape(7, 7, *[1] * (len(shape) - 2)), mode=mode)
    assert filtered(values, kernel, border) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("radius", "sigma"), [(3, 0.1), (8, 0.5), (10, 0.5)])
def test_a_disk_is_even_round_and_of_sum_one(radius, sigma):
    kernel = disk(radius, sigma)
    assert kernel.sum() == pytest.approx(1.0, abs=1e-6)
    assert np.array_equal(kernel, kernel.T)
    assert kernel == pytest.approx(kernel[::-1, ::-1])
    middle = kernel.shape[0] // 2
    assert kernel[middle, middle] == pytest.approx(1.0 / (math.pi * radius**2), rel=0.08)
    assert kernel[middle, middle + radius - 2] == pytest.approx(kernel[middle, middle], rel=1e-3)
    assert kernel[middle, -1] < 0.2 * kernel[middle, middle]


@pytest.mark.parametrize("angle_deg", [-135, -90, -45, 0, 17, 45])
def test_a_streak_leads_from_the_middle_along_its_angle_and_has_sum_one(angle_deg):
    angle, radius = math.radians(angle_deg), 10
    kernel = streak(radius, 5.0, angle)
    assert kernel.shape == (41, 41)
    assert kernel.sum() == pytest.approx(1.0, abs=1e-6)
    rows, columns = np.nonzero(kernel)
    lengths = (columns - 20) * math.cos(angle) + (rows - 20) * math.sin(angle)
    beside = (rows - 20) * math.cos(angle) - (columns - 20) * math.sin(angle)
    assert np.abs(beside).max() < 1.0
    assert (lengths.min(), lengths.max()) == (pytest.approx(0.0, abs=1.0), pytest.approx(20.0, abs=1.0))
    assert kernel[20, 20] > 0.4 * kernel.max()  # on a diagonal two steps may share a pixel


@pytest.mark.parametrize("kernel", [disk(10, 0.5), streak(20, 15.0, 0.4)], ids=["disk", "streak"])
@pytest.mark.parametrize("border", ["edge", "reflect"])
def test_kernels_keep_constants_up_to_the_border(kernel, border):
    assert np.array_equal(as_levels(filtered(as_fractions(flat(77)), kernel, border)), flat(77))


def test_magnifying_keeps_size_and_middle():
    image = Image.fromarray(scene(61, 81))
    assert np.array_equal(magnified(image, 1.0), image)
    twice = np.asarray(magnified(image, 2.0))
    assert twice.shape == (61, 81, 3)
    assert np.array_equal(twice[30, 40], np.asarray(image)[30, 40])
    spread = Image.fromarray(np.tile(np.arange(0, 160, 2, dtype=np.float32), (9, 1)))  # x px -> 2 x
    assert np.asarray(magnified(spread, 2.0))[4, 20:60] == pytest.approx(np.arange(20, 60) + 39.5, abs=0.6)
