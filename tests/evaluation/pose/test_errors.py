from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from tests.evaluation.pose.scenes import (
    EYE,
    SYMMETRIES,
    K,
    cloud,
    naive_add,
    naive_adds,
    naive_mspd,
    naive_mssd,
    naive_projection,
    naive_re,
    some_pose,
    turn,
)
from yolozu.artifacts.meshes import ObjectModel
from yolozu.evaluation.pose.errors import (
    Pose,
    add_m,
    adds_m,
    mspd_px,
    mssd_m,
    projection_error_px,
    rotation_errors_deg,
    translation_errors_m,
)
from yolozu.evaluation.pose.shapes import shape_of
from yolozu.evaluation.pose.symmetries import looks_of
from yolozu.geometry.symmetry import Symmetries

CAMERA = np.array(K)


def cases():
    rng = np.random.default_rng(7)
    for _ in range(6):
        truth = some_pose(rng)
        yield some_pose(rng, truth), truth
        yield some_pose(rng), truth


@pytest.mark.parametrize("pair", list(cases()))
def test_measures_of_corresponding_points_equal_the_papers_loops(pair):
    points, (estimate, truth) = cloud(3, 25), pair
    arguments = (estimate, truth, points)
    assert add_m(estimate, truth, points) == pytest.approx(naive_add(*arguments), abs=1e-9)
    assert adds_m(estimate, truth, points, cKDTree(points)) == pytest.approx(naive_adds(*arguments), abs=1e-9)
    assert projection_error_px(estimate, truth, CAMERA, points) == pytest.approx(naive_projection(*arguments), abs=1e-9)
    assert rotation_errors_deg(estimate.R, truth.R) == pytest.approx(naive_re(estimate.R, truth.R), abs=1e-6)
    assert translation_errors_m(estimate.t, truth.t) == pytest.approx(math.dist(estimate.t, truth.t), abs=1e-12)


@pytest.mark.parametrize("decimals", [2, 3, 6])
@pytest.mark.parametrize("pair", list(cases()))
def test_rounded_rotations_are_measured_as_they_are(pair, decimals):
    points, (estimate, truth) = cloud(3, 25), pair
    rounded = Pose(estimate.R.round(decimals), estimate.t)
    expected = naive_adds(rounded, truth, points)
    assert adds_m(rounded, truth, points, cKDTree(points)) == pytest.approx(expected, abs=1e-6)
    assert add_m(rounded, truth, points) == pytest.approx(naive_add(rounded, truth, points), abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("symmetries", SYMMETRIES.values(), ids=SYMMETRIES)
@pytest.mark.parametrize("pair", list(cases())[:4])
def test_mssd_and_mspd_equal_the_papers_loops_over_bops_symmetries(pair, symmetries):
    estimate, truth = pair
    shape = shape_of(ObjectModel(cloud(4, 20), 0.1, symmetries))
    looks = looks_of(truth, shape.discretized)
    arguments = (estimate, truth, shape.points_V3, symmetries)
    assert mssd_m(estimate, looks, shape.hull, shape.probes) == pytest.approx(naive_mssd(*arguments), abs=1e-9)
    assert mspd_px(estimate, looks, CAMERA, shape.points_V3, shape.probes) == pytest.approx(
        naive_mspd(*arguments), abs=1e-6
    )


@pytest.mark.parametrize("degrees", [0.0, 1e-3, 0.5, 90.0, 179.0, 180.0])
def test_a_turned_circle_moves_by_chords(degrees):
    angles = np.linspace(0, 2 * np.pi, 360, endpoint=False)
    circle = 0.05 * np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    chord = 0.1 * math.sin(math.radians(degrees) / 2)
    truth = Pose(EYE, np.array([0.0, 0.0, 1.0]))
    estimate = Pose(turn([0, 0, 1], degrees), truth.t)
    assert rotation_errors_deg(estimate.R, truth.R) == pytest.approx(degrees, abs=1e-9)
    assert add_m(estimate, truth, circle) == pytest.approx(chord, abs=1e-12)
    looks = Pose(truth.R[None], truth.t[None])
    assert mssd_m(estimate, looks, circle, circle[:1]) == pytest.approx(chord, abs=1e-12)
    assert projection_error_px(estimate, truth, np.array([100.0, 100.0, 0, 0]), circle) == pytest.approx(100 * chord)


def test_a_turn_about_its_axis_leaves_a_circle_where_it_was_for_adds():
    angles = np.linspace(0, 2 * np.pi, 360, endpoint=False)
    circle = 0.05 * np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    truth = Pose(EYE, np.array([0.0, 0.0, 1.0]))
    estimate = Pose(turn([0, 0, 1], 90.0), truth.t)
    assert adds_m(estimate, truth, circle, cKDTree(circle)) == pytest.approx(0.0, abs=1e-12)


def test_a_shift_moves_every_point_alike():
    points, truth = cloud(5, 30), Pose(EYE, np.array([0.1, 0.0, 1.0]))
    estimate = Pose(EYE, truth.t + np.array([0.003, 0.0, 0.004]))
    looks = Pose(truth.R[None], truth.t[None])
    assert add_m(estimate, truth, points) == pytest.approx(0.005, abs=1e-12)
    assert mssd_m(estimate, looks, points, points[:1]) == pytest.approx(0.005, abs=1e-12)
    assert translation_errors_m(estimate.t, truth.t) == pytest.approx(0.005, abs=1e-12)


@given(st.integers(0, 2**32 - 1))
def test_moving_both_poses_together_changes_no_distance(seed):
    rng = np.random.default_rng(seed)
    points, tree = cloud(6, 15), cKDTree(cloud(6, 15))
    estimate, truth, common = some_pose(rng), some_pose(rng), some_pose(rng)
    both = [Pose(common.R @ pose.R, common.R @ pose.t + common.t) for pose in (estimate, truth)]
    assert add_m(*both, points) == pytest.approx(add_m(estimate, truth, points), abs=1e-9)
    assert adds_m(*both, points, tree) == pytest.approx(adds_m(estimate, truth, points, tree), abs=1e-9)
    assert rotation_errors_deg(both[0].R, both[1].R) == pytest.approx(
        float(rotation_errors_deg(estimate.R, truth.R)), abs=1e-6
    )


@given(st.integers(0, 2**32 - 1))
def test_adds_is_at_most_add_and_add_at_most_mssd_without_symmetry(seed):
    rng = np.random.default_rng(seed)
    points = cloud(seed % 100, 12)
    estimate, truth = some_pose(rng), some_pose(rng)
    add = add_m(estimate, truth, points)
    assert adds_m(estimate, truth, points, cKDTree(points)) <= add + 1e-12
    assert add <= mssd_m(estimate, Pose(truth.R[None], truth.t[None]), points, points[:1]) + 1e-12


@given(st.integers(0, 2**32 - 1))
def test_corners_of_the_convex_hull_suffice_for_mssd(seed):
    rng = np.random.default_rng(seed)
    shape = shape_of(ObjectModel(rng.normal(size=(200, 3)) * 0.03, 0.1))
    assert len(shape.hull) < 200
    estimate, truth = some_pose(rng), some_pose(rng)
    looks = Pose(truth.R[None], truth.t[None])
    everywhere = mssd_m(estimate, looks, shape.points_V3, shape.points_V3)
    assert mssd_m(estimate, looks, shape.hull, shape.probes) == pytest.approx(everywhere, abs=1e-12)


def test_they_do_not_for_mspd():
    """Both ends of a rod appear in the same places, its middle does not: all in front of the camera."""
    length = 0.5
    rod = np.linspace([0.0, 0.0, 0.0], [length, 0.0, 0.0], 11)
    ends = np.concatenate([rod[[0, -1]] + step for step in 1e-6 * np.vstack([np.eye(3), -np.eye(3)])])
    shape = shape_of(ObjectModel(np.concatenate([rod, ends]), length))
    estimate = Pose(turn([0, 1, 0], -45.0), np.array([0.0, 0.0, 1.0]))
    truth = Pose(EYE, np.array([0.0, 0.0, math.sqrt(2) + length]))
    looks = Pose(truth.R[None], truth.t[None])
    assert len(shape.hull) < len(shape.points_V3)
    of_corners = mspd_px(estimate, looks, CAMERA, shape.hull, shape.hull)
    of_all = mspd_px(estimate, looks, CAMERA, shape.points_V3, shape.probes)
    assert of_corners < 0.01
    assert of_all == pytest.approx(naive_mspd(estimate, truth, shape.points_V3, Symmetries()))
    assert of_all > 10.0


def test_a_point_at_depth_0_is_infinitely_far_off():
    truth = Pose(EYE, np.array([0.0, 0.0, 1.0]))
    estimate = Pose(EYE, np.array([0.0, 0.0, 0.0]))
    points = np.array([[0.0, 0.0, 0.0], [0.1, 0.0, 0.0]])
    looks = Pose(truth.R[None], truth.t[None])
    assert mspd_px(estimate, looks, CAMERA, points, points[:1]) == math.inf
    assert projection_error_px(estimate, truth, CAMERA, points) == math.inf
