"""Quick metrics are those of the evaluations, by the same names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.evaluation.pose import scenes as posed
from tests.evaluation.scenes import Found, Scene, Truth, index_of, predictions_of
from yolozu.errors import InputError
from yolozu.evaluation.boxes.coco import evaluate_coco
from yolozu.evaluation.pose.evaluate import evaluate_pose
from yolozu.evaluation.pose.registry import QUICK_METRICS
from yolozu.evaluation.quick_metrics import quick_metrics

BOX = (40.0, 30.0, 100.0, 80.0)
SCENES = [
    Scene([Truth(0, BOX)], [Found(7, BOX, 0.9), Found(3, BOX, 0.4)]),
    Scene([Truth(1, BOX)], [Found(3, (45.0, 32.0, 100.0, 80.0), 0.8)]),
    Scene([Truth(2, BOX)], None),
]
VIEWS = [
    posed.View([posed.Thing(posed.BOX)], [posed.Guess(posed.BOX, 0.9, (0.01, 0.0, 1.0))]),
    posed.View([posed.Thing(posed.BOTTLE)], None),
]


def test_boxes_are_measured_as_in_their_report():
    found = quick_metrics(index_of(SCENES), predictions_of(SCENES), None)
    assert found == evaluate_coco(index_of(SCENES), predictions_of(SCENES), engine="hotcoco").metrics
    assert 0.0 < found["map50_95"] < 1.0


def test_with_models_poses_are_too():
    index, predictions = posed.index_of(VIEWS), posed.predictions_of(VIEWS)
    found = quick_metrics(index, predictions, posed.MODELS)
    boxes = evaluate_coco(index, predictions, engine="hotcoco").metrics
    poses = evaluate_pose(index, posed.MODELS, predictions).metrics
    assert found == {**boxes, **{name: poses[name] for name in QUICK_METRICS}}
    assert found["add_01d"] == 0.5


def test_what_was_not_there_to_measure_is_null():
    assert quick_metrics(index_of([Scene()]), [], None)["map50_95"] is None


def test_images_of_other_data_are_refused():
    with pytest.raises(InputError, match="YZ802"):
        quick_metrics(index_of(SCENES[:1]), predictions_of(SCENES[:2]), None)


def test_nothing_is_measured_on_images_without_annotations():
    bare = replace(index_of(SCENES), labeled=False)
    assert set(quick_metrics(bare, predictions_of(SCENES), None).values()) == {None}
    with pytest.raises(InputError, match="YZ291 has no annotations"):
        evaluate_coco(bare, predictions_of(SCENES), engine="hotcoco")
    with pytest.raises(InputError, match="YZ291 has no annotations"):
        evaluate_pose(replace(posed.index_of(VIEWS), labeled=False), posed.MODELS, posed.predictions_of(VIEWS))
