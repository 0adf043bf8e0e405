from __future__ import annotations

import json

import pytest

from tests.fixtures.exported import CLASSES
from yolozu.artifacts.predictions import check_predictions, read_predictions
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.adapters.registry import open_adapter
from yolozu.predict.run import PredictionRun, predict_to_file
from yolozu.progress import SilentProgress


@pytest.fixture
def request_onnx(exported):
    return AdapterRequest(classes=CLASSES, progress=SilentProgress(), onnx=exported.onnx, score_threshold=0.65)


def predict(request, records, path, **options):
    return predict_to_file("onnxruntime", open_adapter("onnxruntime", request), request, records, path, **options)


def test_the_file_says_what_predicted_and_how(exported, request_onnx, tmp_path):
    path = tmp_path / "predictions.json"
    done = predict(request_onnx, exported.index.records, path)
    meta = json.loads(path.read_text())["meta"]
    assert meta.pop("onnxruntime").count(".") == 2
    assert meta == {
        "adapter": "onnxruntime",
        "bbox_format": "cxcywh_norm",
        "onnx_sha256": json.loads(exported.meta.read_text())["onnx_sha256"],
        "checkpoint_sha256": json.loads(exported.meta.read_text())["checkpoint_sha256"],
        "providers": ["CPUExecutionProvider"],
        "score_threshold": 0.65,
        "max_detections": 300,
        "images": 5,
    }
    entries = read_predictions(path)
    assert (done.images, done.detections) == (5, sum(len(entry) for entry in entries))
    assert done.detections > 0


def test_the_same_request_gives_the_same_bytes(exported, request_onnx, tmp_path):
    for name in ("a.json", "b.json"):
        predict(request_onnx, exported.index.records, tmp_path / name)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_unwrapped_predictions_are_a_bare_list(exported, request_onnx, tmp_path):
    predict(request_onnx, exported.index.records[:2], tmp_path / "predictions.json", wrap=False)
    value = json.loads((tmp_path / "predictions.json").read_text())
    assert [entry["image"] for entry in value] == ["images/val/0.png", "images/val/1.png"]


def test_numbers_are_rounded_to_what_a_clock_tells():
    assert PredictionRun(images=3, detections=7, seconds=0.123456).to_json() == {
        "images": 3,
        "detections": 7,
        "seconds": 0.123,
        "images_per_s": 24.3,
    }
    assert PredictionRun(images=0, detections=0, seconds=0.0).images_per_s == 0.0


def test_poses_are_written_as_they_are_checked_and_read(exported_pose, tmp_path):
    request = AdapterRequest(classes=CLASSES, progress=SilentProgress(), onnx=exported_pose.onnx, max_detections=5)
    path = tmp_path / "predictions.json"
    predict(request, exported_pose.index.records, path)
    expected = open_adapter("onnxruntime", request).predict(exported_pose.index.records)
    check = check_predictions(path, strict=True)
    assert (check.findings, check.detections) == ((), sum(len(entry) for entry in expected))
    assert check.detections > 0
    assert [entry.extras for entry in read_predictions(path)] == [entry.extras for entry in expected]
