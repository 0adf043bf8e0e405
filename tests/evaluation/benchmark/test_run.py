from __future__ import annotations

import json

import pytest

from tests.evaluation.pose import scenes as posed
from tests.evaluation.scenes import Found, Scene, Truth, index_of, predictions_of
from yolozu.artifacts.meshes import ObjectModels
from yolozu.artifacts.predictions import write_predictions
from yolozu.data.index import images_digest
from yolozu.errors import InputError
from yolozu.evaluation.benchmark.protocol import default_pins
from yolozu.evaluation.benchmark.run import evaluate_suite, protocol_of
from yolozu.evaluation.boxes.coco import evaluate_coco
from yolozu.evaluation.pose.evaluate import evaluate_pose
from yolozu.progress import SilentProgress

BOX = (40.0, 30.0, 100.0, 80.0)
SCENES = [Scene([Truth(0, BOX)], [Found(7, BOX, 0.9)]), Scene([Truth(1, BOX)], [Found(3, BOX, 0.8)])]
INDEX = index_of(SCENES)
NO_OWL = "1 of 3 classes have no object here and count in no mean: owl"


def protocol(index=INDEX, models=None, *, pins=None, **changes):
    settings = {"max_images": None, "engine": "hotcoco", "bbox_format": None, "poses": True, "allow_missing": False}
    pins = default_pins() if pins is None else pins
    return protocol_of(index, ObjectModels() if models is None else models, **{**settings, **changes}, pins=pins)


def predicted(path, predictions=None, **meta):
    write_predictions(path, predictions_of(SCENES) if predictions is None else predictions, {**default_pins(), **meta})
    return path


def reported(paths, asked, *, dry_run=False):
    return evaluate_suite(INDEX, ObjectModels(), paths, asked, dry_run=dry_run, progress=SilentProgress())


def measured(paths, asked=None, *, dry_run=False):
    return reported(paths, protocol() if asked is None else asked, dry_run=dry_run).files


def refusal(paths, asked=None):
    with pytest.raises(InputError) as caught:
        measured(paths, asked)
    return [(one.code, one.where, one.problem) for one in caught.value.findings]


def test_files_are_measured_in_the_order_they_are_named(tmp_path):
    worse = predictions_of([SCENES[0], Scene([Truth(1, BOX)], [])])
    paths = [predicted(tmp_path / "b.json", worse), predicted(tmp_path / "a.json")]
    rows = measured(paths)
    assert [row.file for row in rows] == [path.as_posix() for path in paths]
    expected = [evaluate_coco(INDEX, entries) for entries in (worse, predictions_of(SCENES))]
    assert [(row.boxes.metrics, row.boxes.per_class) for row in rows] == [
        (report.metrics, report.per_class) for report in expected
    ]
    assert [(row.poses, row.warnings, row.meta["max_detections"]) for row in rows] == [(None, [NO_OWL], 300)] * 2


def test_a_dry_run_counts(tmp_path):
    row = measured([predicted(tmp_path / "a.json")], dry_run=True)[0]
    assert (row.boxes.counts.detections, row.boxes.metrics["map50"]) == (2, None)


def test_poses_are_measured_where_there_are_any(tmp_path):
    views = [posed.View([posed.Thing(posed.BOX)], [posed.Guess(posed.BOX, 0.9)])]
    index = posed.index_of(views)
    asked = protocol(index, posed.MODELS)
    path = predicted(tmp_path / "a.json", posed.predictions_of(views))
    rows = evaluate_suite(index, posed.MODELS, [path], asked, dry_run=False, progress=SilentProgress()).files
    expected = evaluate_pose(index, posed.MODELS, posed.predictions_of(views))
    assert rows[0].poses is not None
    assert rows[0].poses.metrics == expected.metrics
    assert protocol(index, posed.MODELS, poses=False).poses is None


def test_other_settings_than_the_pinned_are_refused(tmp_path):
    path = predicted(tmp_path / "a.json", score_threshold=0.05, transform={"name": "fog"})
    assert refusal([path]) == [
        ("YZ843", f"{path}: meta.score_threshold", "0.05, but the protocol pins 0.001"),
        ("YZ843", f"{path}: meta.transform", '{"name":"fog"}, but the protocol pins null'),
    ]


def test_a_file_that_does_not_say_is_measured_and_the_reader_told(tmp_path):
    path = tmp_path / "a.json"
    write_predictions(path, predictions_of(SCENES), {}, wrap=False)
    assert measured([path])[0].warnings == [
        "does not say max_detections, score_threshold, which the protocol pins",
        NO_OWL,
    ]


def test_detections_that_the_pinned_settings_do_not_leave_are_refused_whatever_meta_says(tmp_path):
    path = predicted(tmp_path / "a.json", max_detections=0, score_threshold=0.85)
    assert refusal([path], protocol(pins={"max_detections": 0, "score_threshold": 0.85})) == [
        ("YZ849", str(path), "has a detection with score 0.8; the protocol pins score_threshold 0.85"),
        ("YZ849", str(path), "has 1 detections in images/val/0000.jpg; the protocol pins max_detections 0"),
    ]


def test_missing_images_are_refused_unless_they_are_allowed(tmp_path):
    path = predicted(tmp_path / "a.json", predictions_of(SCENES)[:1])
    assert refusal([path]) == [("YZ845", str(path), "1 of 2 images have no entry")]
    assert measured([path], protocol(allow_missing=True))[0].boxes.counts.covered_images == 1
    assert measured([path], protocol(max_images=1))[0].boxes.counts.images == 1


def test_files_of_other_images_are_refused_where_they_say_so(tmp_path):
    path = predicted(tmp_path / "a.json", images=2, images_sha256="1" * 64)
    problem = "predicts 2 other images than the first 2 of split 'val'"
    assert refusal([path]) == [("YZ846", f"{path}: meta.images_sha256", problem)]
    path = predicted(tmp_path / "a.json", images=2, images_sha256=images_digest(INDEX.records))
    assert measured([path], protocol(max_images=1))[0].boxes.counts.images == 1


def test_a_file_named_twice_and_a_copy_are_refused(tmp_path):
    first, copy = predicted(tmp_path / "a.json"), predicted(tmp_path / "b.json")
    assert refusal([first, tmp_path / "." / "a.json", copy])[0] == ("YZ844", str(first), "is named twice")
    assert refusal([first, copy]) == [("YZ844", str(copy), f"is a copy of {first}")]


def test_everything_wrong_with_every_file_comes_together(tmp_path):
    good, other = predicted(tmp_path / "a.json"), predicted(tmp_path / "b.json", score_threshold=0.5)
    bad = tmp_path / "c.json"
    bad.write_text(json.dumps([{"image": "x.jpg", "detections": [{"class_id": 5}]}]))
    found = refusal([good, other, bad, tmp_path / "d.json"])
    assert {(code, where.partition(":")[0].rpartition("/")[2]) for code, where, _ in found} >= {
        ("YZ843", "b.json"),
        ("YZ714", "c.json"),
        ("YZ715", "c.json"),
        ("YZ701", "d.json"),
    }


def test_the_protocol_says_what_is_asked():
    asked = protocol(engine="pycocotools", bbox_format="xyxy_abs", allow_missing=True, pins={"tta": False})
    assert (asked.boxes.engine, asked.boxes.bbox_format, asked.coverage) == ("pycocotools", "xyxy_abs", "any")
    assert asked.predictions == {"tta": False}
    assert asked.poses is None
