from __future__ import annotations

import math

import numpy as np
import pytest

from tests.evaluation.pose.scenes import (
    BOTTLE,
    BOX,
    BOX_MODEL,
    EYE,
    GHOST,
    MODELS,
    Guess,
    Thing,
    View,
    index_of,
    predictions_of,
    turn,
)
from yolozu.evaluation.pose.pair_errors import PairErrors
from yolozu.evaluation.pose.problem import pose_problem_of
from yolozu.evaluation.pose.registry import POSE_METRICS

DIAMETER = BOX_MODEL.diameter
"""0.12 m."""


def metric(name, *views):
    views = list(views)
    return (
        POSE_METRICS.load(name).of(PairErrors(pose_problem_of(index_of(views), predictions_of(views)), MODELS)).number()
    )


def shifted(metres, class_index=BOX, width=640):
    """An object a metre away, and an estimate that lies ``metres`` to its side."""
    return View([Thing(class_index)], [Guess(class_index, 0.5, (metres, 0.0, 1.0))], width)


MISSED = View([Thing(BOX)], [])


@pytest.mark.parametrize("name", POSE_METRICS)
def test_without_poses_everything_is_null(name):
    assert metric(name) is None
    assert metric(name, View([Thing(BOX, has_pose=False)], [Guess(BOX, 0.5)])) is None


@pytest.mark.parametrize("name", [name for name in POSE_METRICS if not name.endswith("median")])
def test_perfect_poses_are_all_recalled_and_missed_ones_count(name):
    assert metric(name, shifted(0.0)) == 1.0
    assert metric(name, shifted(0.0), MISSED, MISSED, MISSED) == 0.25
    assert metric(name, MISSED) == 0.0


@pytest.mark.parametrize("name", ["rot_deg_median", "t_mm_median", "t_per_diameter_median", "z_mm_median"])
def test_medians_leave_out_what_was_missed(name):
    assert metric(name, shifted(0.0), MISSED, MISSED) == pytest.approx(0.0)
    assert metric(name, MISSED) is None


@pytest.mark.parametrize("name", ["add_01d", "adds_01d", "add_s_01d", "add_auc", "mssd_ar", "mspd_ar", "proj_5px"])
def test_measures_of_points_leave_out_classes_without_a_model(name):
    assert metric(name, shifted(0.0, GHOST)) is None
    assert metric(name, shifted(0.0), shifted(9.0, GHOST)) == 1.0


def test_add_recall_has_its_limit_at_a_tenth_of_the_diameter():
    assert metric("add_01d", shifted(0.1 * DIAMETER - 1e-6)) == 1.0
    assert metric("add_01d", shifted(0.1 * DIAMETER + 1e-6)) == 0.0


def test_add_s_takes_adds_for_symmetric_classes_only():
    half = turn([0, 0, 1], 180.0)
    views = [View([Thing(place)], [Guess(place, 0.5, (0.0, 0.0, 1.0), half)]) for place in (BOX, BOTTLE)]
    assert [metric("add_01d", view) for view in views] == [0.0, 0.0]
    assert metric("add_s_01d", views[0]) == 0.0
    assert metric("add_s_01d", views[1]) == metric("adds_01d", views[1]) == 1.0


def test_the_area_is_exact():
    assert metric("add_auc", shifted(0.025)) == pytest.approx(0.75)
    assert metric("add_auc", shifted(0.025), shifted(0.05), MISSED, shifted(0.1 + 1e-9)) == pytest.approx(1.25 / 4)
    steps = np.arange(0.0, 0.1, 1e-5) + 5e-6
    errors = [0.013, 0.037, 0.082]
    summed = np.mean([[error < step for error in errors] for step in steps])
    assert metric("add_auc", *map(shifted, errors)) == pytest.approx(summed, abs=1e-4)


def test_within_5_degrees_and_5_cm_needs_both():
    def view(degrees, metres):
        return View([Thing(GHOST)], [Guess(GHOST, 0.5, (metres, 0.0, 1.0), turn([1, 0, 0], degrees))])

    assert metric("within_5deg_5cm", view(4.99, 0.0499)) == 1.0
    assert metric("within_5deg_5cm", view(5.01, 0.0)) == 0.0
    assert metric("within_5deg_5cm", view(0.0, 0.0501)) == 0.0


@pytest.mark.parametrize(("fraction", "recall"), [(0.049, 1.0), (0.051, 0.9), (0.26, 0.5), (0.499, 0.1), (0.501, 0.0)])
def test_mssd_recall_is_the_mean_over_ten_thresholds(fraction, recall):
    assert metric("mssd_ar", shifted(fraction * DIAMETER)) == pytest.approx(recall)


def test_mspd_thresholds_grow_with_the_width_of_the_image():
    """Points at different depths move by different ways; those of a shift by x at depth z are fx x / z."""
    nearest = 1.0 + BOX_MODEL.points_V3[:, 2].min()
    metres = 12.0 / 600.0 * nearest
    assert metric("mspd_ar", shifted(metres)) == pytest.approx(0.8)
    assert metric("mspd_ar", shifted(metres, width=1280)) == pytest.approx(0.9)
    assert metric("mspd_ar", shifted(metres, width=320)) == pytest.approx(0.6)


def test_bops_average_is_the_mean_of_the_two_that_are_measured():
    views = [shifted(0.02), shifted(0.035), MISSED]
    assert metric("bop_ar", *views) == pytest.approx((metric("mssd_ar", *views) + metric("mspd_ar", *views)) / 2)


def test_medians_have_their_units():
    views = [View([Thing(BOX)], [Guess(BOX, 0.5, (0.03, 0.0, 1.04), turn([1, 0, 0], 7.0))])]
    assert metric("rot_deg_median", *views) == pytest.approx(7.0)
    assert metric("t_mm_median", *views) == pytest.approx(50.0)
    assert metric("t_per_diameter_median", *views) == pytest.approx(0.05 / DIAMETER)
    assert metric("z_mm_median", *views) == pytest.approx(40.0)
    assert metric("t_mm_median", *views, shifted(0.01), shifted(0.02)) == pytest.approx(20.0)


def test_medians_pair_by_distance_with_no_limit():
    things = [Thing(BOX, (0.0, 0.0, 1.0)), Thing(BOX, (0.5, 0.0, 1.0))]
    guesses = [Guess(BOX, 0.4, (0.1, 0.0, 1.0)), Guess(BOX, 0.9, (0.4, 0.0, 1.0)), Guess(BOX, 0.1, (0.5, 0.0, 1.0))]
    assert metric("t_mm_median", View(things, guesses)) == pytest.approx(100.0)
    assert metric("t_mm_median", View([Thing(BOX)], [Guess(BOX, 0.5, (0.0, 0.0, 100.0))])) == pytest.approx(99000.0)


def test_one_estimate_finds_one_object():
    assert metric("add_01d", View([Thing(BOX), Thing(BOX)], [Guess(BOX, 0.9)])) == 0.5


def test_a_better_pose_with_a_lower_score_does_not_count_where_there_is_one_object():
    guesses = [Guess(BOX, 0.9, (0.5, 0.0, 1.0)), Guess(BOX, 0.8)]
    assert metric("add_01d", View([Thing(BOX)], guesses)) == 0.0


def test_a_class_counts_by_its_objects():
    views = [shifted(0.0), shifted(9.0), shifted(0.0, BOTTLE)]
    errors = PairErrors(pose_problem_of(index_of(views), predictions_of(views)), MODELS)
    column = POSE_METRICS.load("add_01d").of(errors)
    assert column.number() == pytest.approx(2 / 3)
    assert column.number(errors.problem.class_G == BOX) == 0.5
    assert column.number(errors.problem.class_G == GHOST) is None


def test_points_behind_the_camera_are_no_match():
    behind = View([Thing(BOX)], [Guess(BOX, 0.5, (0.0, 0.0, 0.0), EYE)])
    assert metric("mspd_ar", behind) == 0.0
    assert math.isfinite(metric("t_mm_median", behind))
