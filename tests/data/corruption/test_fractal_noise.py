from __future__ import annotations

import numpy as np
import pytest

from yolozu.data.corruption.fractal_noise import plasma


def generator(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 5), (64, 64), (65, 10)])
def test_clouds_have_any_size_and_reach_from_0_to_1(size):
    clouds = plasma(*size, 2.0, generator())
    assert (clouds.shape, clouds.dtype) == (size, np.float32)
    assert clouds.min() >= 0.0
    assert clouds.max() <= 1.0


def test_the_whole_torus_reaches_0_and_1_and_fits_to_itself():
    clouds = plasma(128, 128, 2.0, generator())
    assert (clouds.min(), clouds.max()) == (0.0, 1.0)
    inside, across = np.abs(np.diff(clouds, axis=1)).mean(), np.abs(clouds[:, 0] - clouds[:, -1]).mean()
    assert across < 2.0 * inside


def test_a_smaller_decay_is_rougher():
    def roughness(decay):
        return np.mean([np.abs(np.diff(plasma(128, 128, decay, generator(seed)))).mean() for seed in range(8)])

    assert roughness(1.4) > 1.5 * roughness(1.7) > 1.5 * roughness(2.0)


def test_clouds_differ():
    assert not np.array_equal(plasma(32, 32, 2.0, generator(1)), plasma(32, 32, 2.0, generator(2)))
