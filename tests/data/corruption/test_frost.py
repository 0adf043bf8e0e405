from __future__ import annotations

import numpy as np
import pytest

from yolozu.data.corruption.frost import frost_pattern


def patterns(height=120, width=160, number=12):
    return [frost_pattern(height, width, np.random.default_rng(seed)) for seed in range(number)]


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (17, 33), (64, 20)])
def test_ice_has_any_size_and_is_between_black_and_white(size):
    ice = frost_pattern(*size, np.random.default_rng(0))
    assert (ice.shape, ice.dtype) == ((*size, 3), np.float32)
    assert ice.min() >= 0.0
    assert ice.max() <= 1.0


def test_ice_is_as_bright_and_as_varied_as_it_says():
    ice = np.stack(patterns(240, 320))
    assert ice.mean() == pytest.approx(0.63, abs=0.05)
    assert np.mean([one.mean(axis=-1).std() for one in ice]) == pytest.approx(0.15, abs=0.03)


def test_ice_is_bluish():
    red, green, blue = np.stack(patterns()).mean(axis=(0, 1, 2))
    assert red < green < blue


def test_no_window_is_like_another():
    first, second = patterns(number=2)
    assert np.abs(first - second).mean() > 0.05


def test_feathers_point_everywhere():
    """Edges run as much down as aside."""
    ice = np.stack(patterns())[..., 0]
    assert np.abs(np.diff(ice, axis=1)).mean() == pytest.approx(np.abs(np.diff(ice, axis=2)).mean(), rel=0.15)
