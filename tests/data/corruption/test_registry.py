"""What holds for every corruption."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.corruption.pictures import distance, scene
from yolozu.data.corruption.registry import CORRUPTIONS, UNSEEDED_CORRUPTIONS

DIPS = {("glass_blur", 4), ("frost", 4)}
"""Severities that change a picture less than the one before: so are the published parameters."""

each_kind = pytest.mark.parametrize("kind", CORRUPTIONS)


def corrupted(kind, image, severity=3, seed=0):
    return CORRUPTIONS.load(kind)(image, severity, np.random.default_rng(seed))


def test_the_fifteen_kinds_of_the_paper_are_there():
    assert len(CORRUPTIONS) == 15


@each_kind
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (17, 33), (1, 40), (40, 1), (2, 2)], ids=str)
@pytest.mark.parametrize("severity", [1, 5])
def test_any_size_stays_what_it_is(kind, size, severity):
    image = scene(*size)
    result = corrupted(kind, image, severity)
    assert (result.shape, result.dtype) == (image.shape, np.uint8)


@pytest.mark.slow
@given(size=st.tuples(st.integers(1, 50), st.integers(1, 50)), severity=st.integers(1, 5), seed=st.integers(0, 9))
@settings(max_examples=20, deadline=None)
def test_any_size_and_severity_works_for_all_kinds(size, severity, seed):
    image = scene(*size, seed=seed)
    for kind in CORRUPTIONS:
        assert corrupted(kind, image, severity, seed).shape == image.shape


@each_kind
def test_the_image_is_not_written_to(kind):
    image = scene()
    before = image.copy()
    image.setflags(write=False)
    corrupted(kind, image)
    assert np.array_equal(image, before)


@each_kind
def test_an_image_may_be_a_view(kind):
    image = scene(61, 90)
    assert np.array_equal(corrupted(kind, image[:, ::-1]), corrupted(kind, image[:, ::-1].copy()))


@each_kind
def test_the_same_generator_gives_the_same_picture(kind):
    assert np.array_equal(corrupted(kind, scene()), corrupted(kind, scene()))


@each_kind
def test_another_generator_gives_another_picture_unless_nothing_is_random(kind):
    same = np.array_equal(corrupted(kind, scene(), seed=1), corrupted(kind, scene(), seed=2))
    assert same == (kind in UNSEEDED_CORRUPTIONS)


@each_kind
def test_different_images_differ(kind):
    assert distance(corrupted(kind, scene(seed=1)), corrupted(kind, scene(seed=2))) > 1.0


@pytest.mark.slow
@each_kind
def test_a_higher_severity_is_farther_from_the_image(kind):
    image, seeds = scene(), range(1 if kind in UNSEEDED_CORRUPTIONS else 24)
    distances = [
        np.mean([distance(corrupted(kind, image, severity, seed), image) for seed in seeds]) for severity in range(1, 6)
    ]
    falls = {severity for severity in range(2, 6) if distances[severity - 1] <= distances[severity - 2]}
    assert falls <= {severity for dipping, severity in DIPS if dipping == kind}
    assert distances[4] > 1.15 * distances[0]


@each_kind
def test_the_image_is_changed_and_still_to_be_recognized(kind):
    image, other = scene(seed=1), scene(seed=2)
    result = corrupted(kind, image, severity=1)
    assert distance(result, image) > 0.5
    assert likeness(result, image) > 0.3 + likeness(result, other)


def likeness(a, b):
    return np.corrcoef(a.reshape(-1), b.reshape(-1))[0, 1]
