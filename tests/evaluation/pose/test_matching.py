from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evaluation.pose.scenes import BOX, Guess, Thing, View, index_of, predictions_of
from yolozu.evaluation.pose.matching import matched_pairs
from yolozu.evaluation.pose.problem import pose_problem_of


def problem_of(objects, estimates):
    guesses = [Guess(BOX, 0.9 - 0.1 * number) for number in range(estimates)]
    views = [View([Thing(BOX)] * objects, guesses), View([Thing(BOX)], [])]
    return pose_problem_of(index_of(views), predictions_of(views))


def matched(problem, errors, *limits):
    """For each object the estimate, None for a missed one; ``errors[estimate][object]``."""
    rows = np.array(errors, np.float64).reshape(len(problem.object_P), -1)
    pairs = matched_pairs(problem, rows, np.array(limits)).tolist()
    return [None if pair < 0 else int(problem.estimate_P[pair]) for pair in pairs]


def test_the_highest_score_chooses_first_and_takes_the_least_error():
    problem = problem_of(2, 2)
    assert matched(problem, [[0.2, 0.1], [0.9, 0.05]], 1.0) == [1, 0, None]


def test_an_object_that_is_taken_is_not_free_for_a_better_estimate():
    assert matched(problem_of(2, 2), [[0.5, 2.0], [0.1, 2.0]], 1.0) == [0, None, None]


def test_errors_must_be_below_the_limit():
    assert matched(problem_of(1, 1), [[1.0]], 1.0) == [None, None]
    assert matched(problem_of(1, 1), [[1.0]], 1.0 + 1e-12) == [0, None]
    assert matched(problem_of(1, 1), [[1e9]], math.inf) == [0, None]


def test_what_cannot_be_measured_matches_nothing():
    assert matched(problem_of(2, 2), [[math.nan, 0.5], [math.nan, 0.4]], 1.0) == [None, 0, None]


def test_of_two_components_all_must_be_less():
    problem = problem_of(2, 2)
    errors = [[[4.0, 0.04], [1.0, 0.045]], [[9.0, 0.01], [3.0, 0.01]]]
    assert matched(problem, errors, 5.0, 0.05) == [0, 1, None]


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("components", [1, 2])
def test_matches_are_bops(components, objects, estimates, seed):
    estimates = min(objects, estimates)
    errors = np.random.default_rng(seed).integers(0, 6, (estimates, objects, components)) / 4.0
    expected: dict[int, int] = {}
    for estimate in range(estimates):
        best, least = None, [1.0] * components
        for one in range(objects):
            if one not in expected and np.all(errors[estimate, one] < least):
                best, least = one, errors[estimate, one]
        if best is not None:
            expected[best] = estimate
    found = matched(problem_of(objects, estimates), errors, *([1.0] * components))
    assert found == [*(expected.get(one) for one in range(objects)), None]
