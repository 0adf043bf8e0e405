from __future__ import annotations

import math

import numpy as np
import pytest

from tests.data.corruption.pictures import distance, flat, scene
from yolozu.data.corruption.blur import (
    MOTION,
    defocus_blur,
    glass_blur,
    motion_blur,
    shuffled_sources,
    zoom_blur,
)

each_severity = pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])


def generator(seed=0):
    return np.random.default_rng(seed)


@each_severity
@pytest.mark.parametrize("blur", [defocus_blur, glass_blur, motion_blur, zoom_blur])
def test_constants_stay(blur, severity):
    image = flat((10, 77, 200))
    assert np.array_equal(blur(image, severity, generator()), image)


@each_severity
@pytest.mark.parametrize("blur", [defocus_blur, glass_blur, motion_blur])
def test_the_mean_stays_where_the_border_is_even(blur, severity):
    image = flat(100, 120, 120)
    image[50:70, 50:70] = scene(20, 20)
    assert blur(image, severity, generator()).mean() == pytest.approx(image.mean(), abs=0.6)


def test_a_point_out_of_focus_is_a_disk():
    image = flat(0, 41, 41)
    image[20, 20] = 255
    shown = defocus_blur(image, 1, generator())[..., 0] > 0
    rows, columns = np.mgrid[:41, :41] - 20
    assert np.array_equal(shown, rows**2 + columns**2 <= 9)


@each_severity
def test_motion_is_a_one_sided_streak_within_45_degrees_that_ends_at_the_point(severity):
    image = flat(0, 121, 121)
    image[60, 60] = 255
    for seed in range(5):
        shown = motion_blur(image, severity, generator(seed))[..., 0].astype(float)
        rows, columns = np.nonzero(shown)
        assert shown[60, 60] > 0.4 * shown.max()
        assert columns.max() == 60
        assert np.all(np.abs(rows - 60) <= 60 - columns + 1)
        assert 60 - columns.min() <= 2 * MOTION[severity - 1][0]


def test_motion_goes_in_all_directions_of_its_range():
    image = flat(0, 121, 121)
    image[60, 60] = 255
    ups = [np.nonzero(motion_blur(image, 5, generator(seed))[..., 0])[0].mean() < 60 for seed in range(20)]
    assert 3 < sum(ups) < 17


def test_zoom_keeps_the_middle_and_smears_the_border():
    image = scene(121, 121)
    change = np.abs(zoom_blur(image, 3, generator()).astype(float) - image).mean(axis=-1)
    assert change[60, 60] < 3.0
    assert change[55:66, 55:66].mean() < 0.8 * change[:20].mean()


def one_by_one(image, reach, numbers):
    """The published shuffling, pixel by pixel, as NumPy carries out its exchange of two rows: as a copy."""
    image = image.copy()
    height, width = image.shape[:2]
    offsets = numbers.integers(
        -reach, reach, (2, len(range(height - reach, reach, -1)), len(range(width - reach, reach, -1)))
    )
    for h in range(height - reach, reach, -1):
        for w in range(width - reach, reach, -1):
            dy, dx = offsets[:, h - reach - 1, w - reach - 1]
            image[h, w] = image[h + dy, w + dx]
    return image


@pytest.mark.parametrize("size", [(20, 31), (8, 8), (9, 40)])
@pytest.mark.parametrize("reach", [1, 2, 3, 4])
def test_shuffling_at_once_is_shuffling_one_by_one(size, reach):
    image = scene(*size)
    sources = shuffled_sources(*size, reach, generator(4))
    assert np.array_equal(image.reshape(-1, 3)[sources], one_by_one(image, reach, generator(4)))


def test_a_picture_too_small_to_shuffle_stays():
    assert np.array_equal(shuffled_sources(4, 5, 4, generator()), np.arange(20).reshape(4, 5))


def test_glass_moves_pixels_by_a_few_px():
    sources = shuffled_sources(200, 200, 4, generator())
    rows, columns = np.divmod(sources, 200)
    moved = np.hypot(rows - np.arange(200)[:, None], columns - np.arange(200))
    assert 2.0 < moved[20:-20, 20:-20].mean() < 6.0
    assert distance(glass_blur(scene(), 5, generator()), scene()) > 2.0
    assert math.isclose(moved[0].max(), 0.0)
