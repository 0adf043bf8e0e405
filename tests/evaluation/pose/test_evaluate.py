from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from tests.evaluation.pose.scenes import (
    BOTTLE,
    BOX,
    BOX_MODEL,
    GHOST,
    MODELS,
    Guess,
    Thing,
    View,
    cloud,
    index_of,
    predictions_of,
    turn,
)
from yolozu.artifacts.meshes import ObjectModel, ObjectModels
from yolozu.evaluation.pose.evaluate import evaluate_pose, pose_metrics
from yolozu.evaluation.pose.registry import POSE_METRICS, QUICK_METRICS
from yolozu.evaluation.pose.report import PoseCounts

VIEWS = [
    View([Thing(BOX), Thing(BOTTLE)], [Guess(BOX, 0.9, (0.01, 0.0, 1.0)), Guess(BOX, 0.2), Guess(GHOST, 0.5)]),
    View([Thing(GHOST)], [Guess(GHOST, 0.5, (0.0, 0.02, 1.0)), Guess(BOX, 0.3, None)]),
    View([Thing(BOX)], None),
]


def evaluated(views, models=MODELS, **options):
    return evaluate_pose(index_of(views), models, predictions_of(views), **options)


def test_what_was_measured_is_counted():
    result = evaluated(VIEWS)
    assert result.counts == PoseCounts(
        images=3, covered_images=2, ground_truth=4, estimates=4, matched=2, without_model=1
    )
    assert tuple(result.metrics) == tuple(POSE_METRICS)
    assert result.metrics["add_01d"] == pytest.approx(1 / 3)
    assert result.metrics["within_5deg_5cm"] == pytest.approx(2 / 4)
    assert result.metrics["t_mm_median"] == pytest.approx(15.0)


def test_every_class_has_a_row():
    box, bottle, ghost = evaluated(VIEWS).per_class
    assert (box.index, box.id, box.name) == (0, 7, "box")
    assert (box.ground_truth, box.estimates, box.matched, box.diameter_m, box.symmetric) == (2, 2, 1, 0.12, False)
    assert box.metrics["add_01d"] == 0.5
    assert (bottle.ground_truth, bottle.matched, bottle.symmetric) == (1, 0, True)
    assert (bottle.metrics["add_s_01d"], bottle.metrics["rot_deg_median"]) == (0.0, None)
    assert (ghost.ground_truth, ghost.estimates, ghost.diameter_m, ghost.symmetric) == (1, 2, None, None)
    assert (ghost.metrics["add_01d"], ghost.metrics["within_5deg_5cm"]) == (None, 1.0)


def test_the_reader_is_warned():
    assert evaluated(VIEWS).warnings == [
        (
            "1 of 3 images have no entry in the predictions (the first is images/val/0002.jpg); "
            "their objects count as missed"
        ),
        "1 class with poses has no model, and no measure of points: ghost",
    ]
    assert evaluated([View([], [])]).warnings == ["no object has a pose: every metric is null"]
    assert evaluated([View([Thing(BOX)], [Guess(BOX, 0.5, None)])]).warnings == [
        "no detection has a pose (R and t_xyz): every object counts as missed",
    ]


def test_only_the_first_images_count_on_both_sides():
    result = evaluated(VIEWS, max_images=1)
    assert (result.counts.images, result.counts.ground_truth, result.counts.estimates) == (1, 2, 3)
    assert result.warnings == []


def test_the_quick_metrics_are_the_same():
    result = evaluated(VIEWS)
    assert pose_metrics(index_of(VIEWS), MODELS, predictions_of(VIEWS)) == {
        name: result.metrics[name] for name in QUICK_METRICS
    }


@pytest.mark.slow
def test_250_images_of_300_detections_take_half_a_second():
    rng = np.random.default_rng(0)
    models = ObjectModels({BOX: ObjectModel(cloud(0, 1000), 0.12)})

    def view():
        things = [Thing(BOX, tuple(rng.uniform(0.5, 1.0, 3)), turn(rng.normal(size=3), 50.0)) for _ in range(3)]
        return View(things, [Guess(BOX, rng.uniform(), tuple(rng.uniform(0.5, 1.0, 3))) for _ in range(300)])

    views = [view() for _ in range(250)]
    index, predictions = index_of(views), predictions_of(views)
    seconds = []
    for _ in range(3):
        started = time.process_time()
        pose_metrics(index, models, predictions)
        seconds.append(time.process_time() - started)
    assert min(seconds) < 0.5


def test_a_diameter_that_the_points_contradict_is_said():
    wrong = replace(BOX_MODEL, diameter=BOX_MODEL.diameter / 1000)
    views = [View([Thing(BOX)], [Guess(BOX, 0.5)])]
    said = evaluate_pose(index_of(views), ObjectModels({BOX: wrong}), predictions_of(views)).warnings
    assert said == [
        "the diameter of box is stated as 0.00012 m, its points are 0.1064 m across (886.5 times): "
        "its recalls are relative to the stated one",
    ]


@pytest.mark.parametrize(("factor", "said"), [(1.0, 0), (3.0, 0), (0.001, 1), (1000.0, 1)])
def test_estimates_in_another_unit_are_said(factor, said):
    views = [View([Thing(BOX)], [Guess(BOX, 0.5, (0.0, 0.0, factor))])]
    warnings = evaluated(views).warnings
    assert sum("is t in another unit?" in warning for warning in warnings) == said
