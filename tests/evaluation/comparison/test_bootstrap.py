from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolozu.evaluation.comparison.bootstrap import drawn, percentile_interval, weighted_means, weighted_medians

NUMBERS = st.lists(st.tuples(st.floats(-9, 9) | st.just(np.nan), st.integers(0, 3)), min_size=1, max_size=12)


def test_as_many_images_are_drawn_as_there_are_and_the_seed_decides():
    first = drawn(10, 50, 7)
    assert first.shape == (10, 50)
    assert (first.sum(axis=0) == 10).all()
    np.testing.assert_array_equal(first, drawn(10, 50, 7))
    np.testing.assert_array_equal(first[:, :20], drawn(10, 20, 7))
    assert (first != drawn(10, 50, 8)).any()


def test_each_image_is_drawn_once_on_average():
    assert drawn(4, 4000, 0).mean(axis=1) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("images", [0, 1])
def test_few_images(images):
    assert drawn(images, 3, 0).tolist() == [[1, 1, 1]] * images


def test_the_interval_holds_the_middle():
    values = np.stack([np.arange(101.0), np.full(101, np.nan), np.r_[np.full(100, np.nan), 3.0]])
    np.testing.assert_allclose(percentile_interval(values, 0.9), [[5.0, 95.0], [np.nan, np.nan], [3.0, 3.0]])


@given(NUMBERS)
def test_weighted_numbers_are_those_of_repeated_objects(rows):
    values = np.array([value for value, _ in rows])
    counts = np.array([[count] for _, count in rows], np.int32)
    images = np.arange(len(rows))
    several = np.repeat(values, counts[:, 0])
    several = several[~np.isnan(several)]
    mean, median = weighted_means(values, images, counts)[0], weighted_medians(values, images, counts)[0]
    if len(several):
        assert mean == pytest.approx(np.mean(several), abs=1e-12)
        assert median == np.median(several)
    else:
        assert np.isnan(mean)
        assert np.isnan(median)


def test_objects_come_as_often_as_their_image():
    values, image_G, multiplicity = np.array([1.0, 5.0, 9.0]), np.array([0, 0, 2]), np.array([[1, 0], [4, 1], [2, 2]])
    np.testing.assert_allclose(weighted_means(values, image_G, multiplicity), [6.0, 9.0])
    np.testing.assert_allclose(weighted_medians(values, image_G, multiplicity), [7.0, 9.0])
