from __future__ import annotations

import numpy as np
import pytest

from tests.data.corruption.pictures import flat, scene
from yolozu.data.corruption.weather import FOG, FROST, SNOW, fog, frost, snow

each_severity = pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])


def generator(seed=0):
    return np.random.default_rng(seed)


@each_severity
def test_snow_whitens_the_ground_as_its_table_says(severity):
    weight = SNOW[severity - 1][6]
    result = snow(flat(0, 160, 160), severity, generator())
    ground = (1 - weight) * 0.5 * 255  # of black; between the flakes nothing is added
    assert result.min() == pytest.approx(ground, abs=1)
    assert result.max() > ground + 60


def test_snow_falls_in_streaks_that_are_rather_vertical():
    flakes = np.stack([snow(flat(0, 100, 100), 3, generator(seed))[..., 0].astype(float) for seed in range(20)])
    down, aside = np.abs(np.diff(flakes, axis=1)).mean(), np.abs(np.diff(flakes, axis=2)).mean()
    assert down < 0.85 * aside


def test_snow_is_grey():
    result = snow(flat(0), 5, generator())
    assert np.array_equal(result[..., 0], result[..., 1])


@each_severity
def test_frost_weighs_picture_and_ice(severity):
    of_picture, of_ice = FROST[severity - 1]
    black = frost(flat(0), severity, generator()).astype(float)
    dark = frost(flat(40), severity, generator()).astype(float)
    assert black.max() <= of_ice * 255 + 1
    assert (dark - black).mean() == pytest.approx(40 * of_picture, abs=0.6)


@each_severity
def test_fog_lowers_contrast_and_keeps_the_brightest_value_in_sight(severity):
    thickness, image = FOG[severity - 1][0], scene()
    results = [fog(image, severity, generator(seed)).astype(float) for seed in range(3)]
    factor = image.max() / 255 / (image.max() / 255 + thickness)
    for result in results:
        assert result.max() <= image.max() + 1
        fine, fine_before = (np.abs(np.diff(values[..., 0], axis=1)).mean() for values in (result, image.astype(float)))
        assert fine == pytest.approx(factor * fine_before, rel=0.5)


def test_fog_is_grey_and_leaves_black_pictures_black():
    grey = fog(flat(90), 3, generator())
    assert np.array_equal(grey[..., 0], grey[..., 2])
    assert np.array_equal(fog(flat(0), 3, generator()), flat(0))
