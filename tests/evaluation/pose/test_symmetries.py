from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evaluation.pose.scenes import EYE, SYMMETRIES, naive_symmetries, some_pose, turn
from yolozu.evaluation.pose.errors import Pose, rotation_errors_deg
from yolozu.evaluation.pose.symmetries import discretized, looks_of, nearest_looks
from yolozu.geometry.symmetry import Symmetries


@pytest.mark.parametrize("symmetries", SYMMETRIES.values(), ids=SYMMETRIES)
def test_the_finite_set_is_bops(symmetries):
    rotations, translations = discretized(symmetries)
    expected = naive_symmetries(symmetries)
    np.testing.assert_allclose(rotations, [R for R, _ in expected], atol=1e-12)
    np.testing.assert_allclose(translations, [t for _, t in expected], atol=1e-12)
    np.testing.assert_allclose(rotations[0], EYE, atol=1e-12)


def test_an_axis_has_315_turns_of_at_most_a_hundredth_of_the_diameter():
    rotations, _ = discretized(SYMMETRIES["axis"])
    assert len(rotations) == 315
    assert np.linalg.norm((rotations[1] - rotations[0]) @ [0.5, 0.0, 0.0]) == pytest.approx(0.00997, abs=1e-5)


@pytest.mark.parametrize("symmetries", SYMMETRIES.values(), ids=SYMMETRIES)
@given(st.integers(0, 2**32 - 1))
def test_the_nearest_look_is_no_farther_than_any_of_a_dense_set(symmetries, seed):
    rng = np.random.default_rng(seed)
    estimate, truth = some_pose(rng), some_pose(rng)
    nearest = nearest_looks(estimate.R[None], Pose(truth.R[None], truth.t[None]), symmetries)
    found = float(rotation_errors_deg(estimate.R, nearest.R[0]))
    looks = looks_of(truth, discretized(symmetries))
    errors = rotation_errors_deg(estimate.R, looks.R)
    step = 0.0 if symmetries.axis_3 is None else 360.0 / 315
    assert errors.min() - step <= found + 1e-6
    assert found <= errors.min() + 1e-6


def test_the_turn_about_an_axis_is_exact_and_moves_an_origin_that_lies_off_it():
    symmetries = Symmetries(axis_3=np.array([0.0, 0.0, 1.0]), offset_3=np.array([0.01, 0.0, 0.0]))
    truth = Pose(turn([1, 2, 3], 40.0)[None], np.array([[0.1, 0.2, 1.0]]))
    angle = 33.3
    S = turn([0, 0, 1], angle)
    s = symmetries.offset_3 - S @ symmetries.offset_3
    estimate = Pose(truth.R[0] @ S, truth.R[0] @ s + truth.t[0])
    nearest = nearest_looks(estimate.R[None], truth, symmetries)
    np.testing.assert_allclose(nearest.R[0], estimate.R, atol=1e-12)
    np.testing.assert_allclose(nearest.t[0], estimate.t, atol=1e-12)


BALL = Symmetries(
    axis_3=np.array([0.0, 0.0, 1.0]),
    offset_3=np.array([0.01, 0.0, 0.0]),
    more_axes_A23=np.array([[[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]]),
)
"""About (0.01, 0, 0)."""


def test_a_ball_has_no_rotation_error_and_the_place_of_its_center():
    rng = np.random.default_rng(3)
    estimate, truth = some_pose(rng), some_pose(rng)
    nearest = nearest_looks(estimate.R[None], Pose(truth.R[None], truth.t[None]), BALL)
    np.testing.assert_allclose(nearest.R[0], estimate.R)
    center = np.array([0.01, 0.0, 0.0])
    np.testing.assert_allclose(nearest.R[0] @ center + nearest.t[0], truth.R @ center + truth.t, atol=1e-12)


def test_the_finite_set_of_a_ball_is_the_turns_about_each_of_its_axes():
    rotations, translations = discretized(BALL)
    alone = [Symmetries(axis_3=axis_3, offset_3=offset_3) for axis_3, offset_3 in BALL.axes]
    expected = [motion for symmetries in alone for motion in naive_symmetries(symmetries)]
    np.testing.assert_allclose(rotations, [R for R, _ in expected], atol=1e-12)
    np.testing.assert_allclose(translations, [t for _, t in expected], atol=1e-12)


def test_without_symmetry_the_truth_itself_is_the_nearest():
    rng = np.random.default_rng(0)
    truth = some_pose(rng)
    nearest = nearest_looks(some_pose(rng).R[None], Pose(truth.R[None], truth.t[None]), Symmetries())
    np.testing.assert_array_equal(nearest.R[0], truth.R)
    np.testing.assert_array_equal(nearest.t[0], truth.t)
