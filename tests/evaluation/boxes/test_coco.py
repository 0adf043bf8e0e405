from __future__ import annotations

import contextlib
import io
import json
import sys

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from tests.evaluation.coco_files import pycocotools_stats, random_problem, write_coco
from tests.evaluation.scenes import CLASSES, Found, Scene, Truth, index_of, predictions_of, reference
from yolozu.app.datasets import open_evaluated
from yolozu.artifacts.predictions import load_predictions
from yolozu.artifacts.predictions.convert import convert_predictions
from yolozu.contract.sections.evaluate import COCO_METRICS
from yolozu.data.coco_numbers import numbers_of_data
from yolozu.data.layouts.layout import find_layout
from yolozu.evaluation.boxes.coco import evaluate_coco
from yolozu.evaluation.boxes.registry import ENGINES
from yolozu.evaluation.boxes.report import CocoCounts
from yolozu.evaluation.known_images import known_images
from yolozu.progress import progress_for
from yolozu.structures.predictions import ImagePredictions

BOX = (40.0, 30.0, 100.0, 80.0)

sides = st.integers(1, 12).map(lambda n: n * 16.0)
corners = st.integers(0, 12).map(lambda n: n * 16.0)
boxes = st.tuples(corners, corners, sides, sides)
scores = st.sampled_from([0.0, 0.1, 0.3, 0.3000000001, 0.5, 0.9, 1.0])
truths = st.builds(
    Truth, st.integers(0, 2), boxes, st.booleans(), st.none() | st.sampled_from([0.0, 1024.0, 1024.5, 9216.0, 20000.0])
)
founds = st.builds(Found, st.sampled_from(CLASSES.category_ids), boxes, scores)
scenes_strategy = st.lists(
    st.builds(
        Scene,
        st.lists(truths, max_size=6),
        st.none() | st.lists(founds, max_size=8),
        st.sampled_from([640, 641, 333]),
        st.sampled_from([480, 427, 1]),
    ),
    min_size=1,
    max_size=4,
)


def none_for_absent(values) -> list[float | None]:
    return [None if value == -1 else float(value) for value in values]


def assert_equal_numbers(measured, expected):
    assert [value is None for value in measured] == [value is None for value in expected]
    pairs = [(a, b) for a, b in zip(measured, expected, strict=True) if a is not None]
    assert [a for a, _ in pairs] == pytest.approx([b for _, b in pairs], abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=60, deadline=None)
@example([Scene()])
@example([Scene(found=None)])
@example([Scene([Truth(0, BOX)], found=None), Scene([Truth(1, BOX)], [])])
@example([Scene([], [Found(7, BOX, 0.5)])])
@example([Scene([Truth(0, BOX, crowd=True)], [Found(7, BOX, 0.5), Found(7, (45.0, 32.0, 20.0, 20.0), 0.4)])])
@example([Scene([Truth(0, BOX)], [Found(7, BOX, 0.5)] * 120), Scene([Truth(2, BOX)], [Found(3, BOX, 0.5)])])
@given(scenes_strategy)
def test_every_engine_gives_the_numbers_of_pycocotools(engine, scenes):
    result = evaluate_coco(index_of(scenes), predictions_of(scenes), engine=engine)
    expected = reference(scenes)
    assert_equal_numbers(result.stats, none_for_absent(expected.stats))
    by_id = sorted(CLASSES.category_ids)
    for row in result.per_class:
        precision = expected.eval["precision"][:, :, by_id.index(row.id), 0, 2]
        recall = expected.eval["recall"][:, by_id.index(row.id), 0, 2]
        expected_row = [
            part[part > -1].mean() if (part > -1).any() else -1 for part in (precision, precision[0], recall)
        ]
        metrics = [row.metrics[name] for name in ("map50_95", "map50", "ar100")]
        assert_equal_numbers(metrics, none_for_absent(expected_row))


@pytest.mark.parametrize("engine", ENGINES)
def test_more_than_a_hundred_detections_of_a_class_count_only_by_their_best_hundred(engine):
    rng = np.random.default_rng(0)
    far = [Found(7, (float(x), 300.0, 30.0, 30.0), 0.9) for x in rng.integers(0, 600, 100)]
    scenes = [Scene([Truth(0, BOX)], [*far, Found(7, BOX, 0.1)]), Scene([Truth(0, BOX)], [Found(7, BOX, 0.8)])]
    result = evaluate_coco(index_of(scenes), predictions_of(scenes), engine=engine)
    assert result.metrics["ar100"] == pytest.approx(0.5)
    assert_equal_numbers(result.stats, none_for_absent(reference(scenes).stats))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("width", [641, 333, 1919, 4999])
def test_an_overlap_of_exactly_a_threshold_stays_one_after_normalizing(engine, width):
    """IoU of the boxes is exactly 0.5, which matches at 0.5; a rounding error must not undo that."""
    scenes = [
        Scene([Truth(0, (10.1, 20.2, 30.0, 10.0))], [Found(7, (20.1, 20.2, 30.0, 10.0), 0.9)], width=width, height=427)
    ]
    result = evaluate_coco(index_of(scenes), predictions_of(scenes), engine=engine)
    assert result.metrics["map50"] == pytest.approx(1.0)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_was_not_there_to_measure_is_none_and_never_minus_one(engine):
    result = evaluate_coco(index_of([Scene([Truth(0, BOX)], [Found(7, BOX, 0.5)])]), [], engine=engine)
    assert result.metrics["map50_95"] == 0.0
    assert result.metrics["map_small"] is None
    assert result.per_class[1].metrics == dict.fromkeys(COCO_METRICS)


def test_perfect_predictions_score_one_and_counts_are_stated():
    scenes = [Scene([Truth(0, BOX), Truth(2, BOX, crowd=True)], [Found(7, BOX, 0.5)]), Scene(found=None)]
    result = evaluate_coco(index_of(scenes), predictions_of(scenes))
    assert result.metrics["map50_95"] == pytest.approx(1.0)
    assert result.counts == CocoCounts(images=2, ground_truth=2, detections=1, covered_images=1)
    assert [(row.index, row.id, row.name, row.ground_truth, row.detections) for row in result.per_class] == [
        (0, 7, "cat", 1, 1),
        (1, 3, "dog", 0, 0),
        (2, 90, "owl", 1, 0),
    ]
    assert result.warnings == [
        (
            "1 of 2 images have no entry in the predictions (the first is images/val/0001.jpg); "
            "their objects count as missed"
        ),
        "1 of 3 classes have no object here and count in no mean: dog",
    ]


def test_max_images_takes_the_first_images_on_both_sides():
    scenes = [
        Scene([Truth(0, BOX)], [Found(7, BOX, 0.5)]),
        Scene([Truth(0, BOX)], [Found(7, (0.0, 0.0, 5.0, 5.0), 0.9)]),
    ]
    result = evaluate_coco(index_of(scenes), predictions_of(scenes), max_images=1)
    assert result.metrics["map50_95"] == pytest.approx(1.0)
    assert result.counts == CocoCounts(images=1, ground_truth=1, detections=1, covered_images=1)


def test_a_dry_run_counts_and_measures_nothing():
    scenes = [Scene([Truth(0, BOX)], [Found(7, BOX, 0.5)])]
    result = evaluate_coco(index_of(scenes), predictions_of(scenes), dry_run=True)
    assert result.dry_run
    assert result.counts == CocoCounts(images=1, ground_truth=1, detections=1, covered_images=1)
    assert result.metrics == dict.fromkeys(COCO_METRICS)


def test_an_empty_ground_truth_is_said():
    result = evaluate_coco(index_of([Scene([], [Found(7, BOX, 0.5)])]), [])
    assert result.warnings[-1] == "there is no ground truth: every metric is null"


@pytest.mark.parametrize("engine", ENGINES)
def test_no_images_at_all_measure_nothing(engine):
    result = evaluate_coco(index_of([]), [], engine=engine)
    assert result.metrics == dict.fromkeys(COCO_METRICS)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_real_annotations_with_crowds_give_the_numbers_of_pycocotools_on_their_own_file(
    engine, real_data, tmp_path, monkeypatch
):
    instances = real_data / "coco128" / "annotations" / "instances_train2017.json"
    monkeypatch.chdir(tmp_path)
    entry = {"images_dir": str(real_data / "coco128/images/train2017"), "instances_json": str(instances)}
    (tmp_path / "dataset.json").write_text(json.dumps({"splits": {"train": entry}}))
    index = open_evaluated(tmp_path, "train", progress_for(sys.stderr)).index
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(instances))
        rng = np.random.default_rng(0)
        found = [
            {
                "image_id": row["image_id"],
                "category_id": row["category_id"],
                "bbox": [round(float(value), 2) for value in np.add(row["bbox"], rng.choice([0, 0, 3, 9], 4))],
                "score": round(float(rng.random()), 1),
            }
            for row in coco.dataset["annotations"]
            for _ in range(2)
        ]
        evaluator = COCOeval(coco, coco.loadRes(found), "bbox")
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    by_image = {image["file_name"]: image["id"] for image in coco.dataset["images"]}
    predictions = []
    for record in index.records:
        rows = [row for row in found if row["image_id"] == by_image[record.path.name]]
        sides = np.array([record.width, record.height] * 2)
        xywh = np.array([row["bbox"] for row in rows], np.float64).reshape(-1, 4)
        boxes = np.concatenate([xywh[:, :2] + xywh[:, 2:] / 2, xywh[:, 2:]], axis=1) / sides
        classes = np.array([row["category_id"] for row in rows], np.int64)
        scores = np.array([row["score"] for row in rows], np.float64)
        predictions.append(ImagePredictions(record.image, record.width, record.height, classes, scores, boxes))
    result = evaluate_coco(index, predictions, engine=engine)
    assert result.counts.ground_truth == len(coco.dataset["annotations"])
    assert_equal_numbers(result.stats, none_for_absent(evaluator.stats))


def evaluated(root, engine="hotcoco"):
    """What `eval-coco` measures of ``results.json``, as `convert-predictions` passes it on."""
    opened = open_evaluated(root, "val", progress_for(sys.stderr))
    numbers = numbers_of_data(opened.index, find_layout(root), None, None)
    known = known_images(opened.index)
    convert_predictions(root / "results.json", root / "p.json", "wrapped", known=known, numbers=numbers)
    return evaluate_coco(opened.index, load_predictions(root / "p.json", known=known).images, engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("seed", range(10))
def test_ties_across_images_and_empty_boxes_give_the_numbers_of_pycocotools_on_the_same_files(
    tmp_path, monkeypatch, engine, seed
):
    monkeypatch.chdir(tmp_path)
    root = write_coco(tmp_path / "set", *random_problem(seed))
    assert_equal_numbers(evaluated(root, engine).stats, pycocotools_stats(root))


def test_objects_without_width_or_height_are_missed_and_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    whole, flat = ({"image_id": 1, "category_id": 1, "bbox": [5, 5, width, 20], "iscrowd": 0} for width in (30, 0))
    rows = [{**row, "id": number, "area": 30.0} for number, row in enumerate((whole, flat), start=1)]
    image = {"id": 1, "file_name": "a.png", "width": 40, "height": 30}
    document = {"images": [image], "categories": [{"id": 1, "name": "c"}], "annotations": rows}
    root = write_coco(
        tmp_path / "set", document, [{"image_id": 1, "category_id": 1, "bbox": whole["bbox"], "score": 1}]
    )
    result = evaluated(root)
    assert result.counts.ground_truth == 2
    assert result.metrics["map50_95"] == pytest.approx(51 / 101)
    assert result.warnings == [
        "1 of 2 objects have no width or height: nothing overlaps them, they count as missed, as in pycocotools",
    ]


def test_only_ids_that_order_images_otherwise_than_paths_stand_in_an_index(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    document, results = random_problem(0)
    root = write_coco(tmp_path / "set", document, results)
    ids = [row["id"] for row in document["images"]]
    assert [record.number for record in open_evaluated(root, "val", progress_for(sys.stderr)).index.records] == ids
    for row, key in zip(document["images"], sorted(ids), strict=True):
        row["id"] = key
    (root / "gt.json").write_text(json.dumps({**document, "annotations": []}))
    assert [record.number for record in open_evaluated(root, "val", progress_for(sys.stderr)).index.records] == [
        None
    ] * 5
