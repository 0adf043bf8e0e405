from __future__ import annotations

from datetime import UTC, datetime

from tests.evaluation.pose.scenes import MODELS, index_of, predictions_of
from tests.evaluation.pose.test_evaluate import VIEWS
from yolozu.artifacts.jsonio import pretty
from yolozu.evaluation.pose.evaluate import evaluate_pose
from yolozu.evaluation.pose.registry import POSE_METRICS
from yolozu.evaluation.pose.report import PoseReport


def report(said=()):
    return evaluate_pose(index_of(VIEWS), MODELS, predictions_of(VIEWS)).with_warnings(said).model_dump()


def test_the_report_holds_exactly_these_keys():
    document = report()
    assert list(document) == [
        "schema_version",
        "timestamp",
        "metrics",
        "per_class",
        "counts",
        "not_measured",
        "warnings",
    ]
    assert tuple(document["metrics"]) == tuple(document["per_class"][0]["metrics"]) == tuple(POSE_METRICS)
    assert document["counts"] == {
        "images": 3,
        "covered_images": 2,
        "ground_truth": 4,
        "estimates": 4,
        "matched": 2,
        "without_model": 1,
    }
    assert document["not_measured"] == ["vsd"]
    assert (datetime.now(UTC) - datetime.fromisoformat(document["timestamp"])).total_seconds() < 60
    PoseReport.model_validate_json(pretty(document))


def test_warnings_of_the_file_come_first():
    assert report(said=["schema_version: missing; read as version 1"])["warnings"][0].startswith("schema_version")
