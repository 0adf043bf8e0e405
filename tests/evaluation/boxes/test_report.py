from __future__ import annotations

from datetime import UTC, datetime

from tests.evaluation.scenes import Found, Scene, Truth, index_of, predictions_of
from yolozu.artifacts.jsonio import pretty
from yolozu.artifacts.predictions import check_predictions, write_predictions
from yolozu.evaluation.boxes.coco import evaluate_coco
from yolozu.evaluation.boxes.report import CocoReport

SCENES = [Scene([Truth(0, (40.0, 30.0, 100.0, 80.0))], [Found(7, (40.0, 30.0, 100.0, 80.0), 0.5)])]


def report(tmp_path):
    write_predictions(tmp_path / "p.json", predictions_of(SCENES), {})
    check = check_predictions(tmp_path / "p.json")
    return evaluate_coco(index_of(SCENES), predictions_of(SCENES)).of_file(check).model_dump()


def test_the_report_holds_exactly_these_keys(tmp_path):
    document = report(tmp_path)
    assert list(document) == [
        "schema_version",
        "timestamp",
        "metrics",
        "stats",
        "per_class",
        "counts",
        "bbox_format",
        "engine",
        "warnings",
        "dry_run",
    ]
    assert list(document["counts"]) == ["images", "ground_truth", "detections", "covered_images"]
    assert list(document["metrics"].values()) == document["stats"]
    assert document["per_class"][1] == {
        "index": 1,
        "id": 3,
        "name": "dog",
        "ground_truth": 0,
        "detections": 0,
        "metrics": dict.fromkeys(document["metrics"]),
    }
    assert (datetime.now(UTC) - datetime.fromisoformat(document["timestamp"])).total_seconds() < 60


def test_what_is_absent_is_null_and_never_minus_one(tmp_path):
    document = report(tmp_path)
    text = pretty(document)
    assert '"map_small": null' in text
    assert "-1" not in text.replace(document["timestamp"], "")
    CocoReport.model_validate_json(text)


def test_warnings_of_the_file_come_first_one_line_a_kind(tmp_path):
    path = tmp_path / "p.json"
    empty = '{"class_id": 7, "score": 0.5, "bbox": {"cx": 0.5, "cy": 0.5, "w": 0, "h": 0.1}}'
    path.write_text(f'{{"predictions": [{{"image": "images/val/0000.jpg", "detections": [{empty}, {empty}]}}]}}')
    document = evaluate_coco(index_of(SCENES), []).of_file(check_predictions(path))
    assert document.warnings == [
        "schema_version: missing; read as version 1",
        "predictions[0].detections[0].bbox: empty box 0 x 0.1 (the first of 2)",
        (
            "1 of 1 images have no entry in the predictions (the first is images/val/0000.jpg); "
            "their objects count as missed"
        ),
        "2 of 3 classes have no object here and count in no mean: dog, owl",
    ]
