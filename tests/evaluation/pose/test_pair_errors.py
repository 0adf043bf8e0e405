from __future__ import annotations

import math

import numpy as np
import pytest

from tests.evaluation.pose.scenes import (
    BOTTLE,
    BOTTLE_MODEL,
    BOX,
    BOX_MODEL,
    EYE,
    GHOST,
    MODELS,
    Guess,
    Thing,
    View,
    index_of,
    naive_add,
    naive_adds,
    naive_mspd,
    naive_mssd,
    naive_projection,
    predictions_of,
    turn,
)
from yolozu.evaluation.pose.errors import Pose
from yolozu.evaluation.pose.pair_errors import PairErrors
from yolozu.evaluation.pose.problem import pose_problem_of

R_TRUE, R_EST = turn([1, 2, 3], 50.0), turn([1, 2, 3], 50.0) @ turn([3, 1, 0], 8.0)
TRUTH = Pose(R_TRUE, np.array([0.1, 0.0, 1.0]))
ESTIMATE = Pose(R_EST, np.array([0.11, 0.0, 1.02]))


def errors_of(*pairs, width=640):
    views = [View([thing], [guess], width) for thing, guess in pairs]
    return PairErrors(pose_problem_of(index_of(views), predictions_of(views)), MODELS)


def pair(class_index, estimate=ESTIMATE, truth=TRUTH):
    return Thing(class_index, tuple(truth.t), truth.R), Guess(class_index, 0.5, tuple(estimate.t), estimate.R)


@pytest.mark.slow
@pytest.mark.parametrize(("place", "model"), [(BOX, BOX_MODEL), (BOTTLE, BOTTLE_MODEL)])
def test_every_measure_is_that_of_the_pair_and_its_model(place, model):
    errors = errors_of(pair(GHOST), pair(place), width=1280)
    poses = ESTIMATE, TRUTH
    expected = {
        "add_m": naive_add(*poses, model.points_V3),
        "adds_m": naive_adds(*poses, model.points_V3),
        "mssd_m": naive_mssd(*poses, model.points_V3, model.symmetries),
        "mspd_px": naive_mspd(*poses, model.points_V3, model.symmetries),
        "projection_px": naive_projection(*poses, model.points_V3),
        "diameter_m": model.diameter,
    }
    for name, value in expected.items():
        without, found = getattr(errors, name)
        assert math.isnan(without), name
        assert found == pytest.approx(value, abs=1e-6), name
    assert errors.add_or_adds_m[1] == (errors.add_m if place == BOX else errors.adds_m)[1]
    assert errors.r_px.tolist() == [2.0, 2.0]


def test_rotation_is_to_the_nearest_look_and_needs_no_model():
    about_z = Pose(TRUTH.R @ turn([0, 0, 1], 70.0) @ turn([1, 0, 0], 2.0), TRUTH.t)
    errors = errors_of(pair(BOX, about_z), pair(BOTTLE, about_z), pair(GHOST, about_z))
    full = math.degrees(math.acos((np.trace(turn([0, 0, 1], 70.0) @ turn([1, 0, 0], 2.0)) - 1) / 2))
    assert errors.rotation_deg == pytest.approx([full, 2.0, full])


def test_distances_are_of_the_origins():
    errors = errors_of(pair(GHOST))
    assert errors.t_m[0] == pytest.approx(math.hypot(0.01, 0.02))
    assert errors.z_m[0] == pytest.approx(0.02)


def test_an_adds_that_no_metric_asks_for_is_infinite():
    far = Pose(EYE, np.array([0.0, 0.0, 3.0]))
    assert errors_of(pair(BOX, far, Pose(EYE, np.array([0.0, 0.0, 1.0])))).adds_m[0] == math.inf
