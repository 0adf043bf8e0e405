from __future__ import annotations

import math

import numpy as np
import pytest

from tests.data.corruption.pictures import flat
from yolozu.data.corruption.noise import PHOTONS, SHARE, STD, gaussian_noise, impulse_noise, shot_noise

each_severity = pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])


def generator():
    return np.random.default_rng(0)


@pytest.mark.parametrize("severity", [1, 2])
def test_gaussian_noise_has_the_deviation_of_the_table(severity):
    result = gaussian_noise(flat(127, 200, 200), severity, generator()).astype(float)
    assert result.mean() == pytest.approx(127, abs=0.5)
    assert result.std() == pytest.approx(255 * STD[severity - 1], rel=0.01)


@each_severity
def test_gaussian_noise_is_clipped_as_its_distribution_says(severity):
    result = gaussian_noise(flat(127, 200, 200), severity, generator())
    black = 0.5 * math.erfc((127 - 0.5) / 255 / STD[severity - 1] / math.sqrt(2))
    assert (result == 0).mean() == pytest.approx(black, abs=0.005)


def test_channels_and_pixels_are_independent():
    noise = gaussian_noise(flat(127, 200, 200), 1, generator()).astype(float)
    assert abs(np.corrcoef(noise[..., 0].ravel(), noise[..., 1].ravel())[0, 1]) < 0.02
    assert abs(np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]) < 0.02


@each_severity
def test_shot_noise_counts_photons(severity):
    photons, level = PHOTONS[severity - 1], 51
    result = shot_noise(flat(level, 200, 200), severity, generator()).astype(float)
    expected = photons * level / 255
    assert result.mean() == pytest.approx(level, rel=0.02)
    assert result.std() == pytest.approx(255 * np.sqrt(expected) / photons, rel=0.03)
    assert set(np.unique(result)) <= set(np.rint(np.arange(photons + 1) * 255 / photons))


def test_no_light_has_no_shot_noise():
    assert np.array_equal(shot_noise(flat(0), 5, generator()), flat(0))


@each_severity
def test_impulses_replace_the_share_of_the_table_by_black_and_white_alike(severity):
    result, share = impulse_noise(flat(99, 200, 200), severity, generator()), SHARE[severity - 1]
    assert (result == 0).mean() == pytest.approx(share / 2, abs=0.003)
    assert (result == 255).mean() == pytest.approx(share / 2, abs=0.003)
    assert set(np.unique(result)) == {0, 99, 255}
