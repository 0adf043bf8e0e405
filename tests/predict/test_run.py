from __future__ import annotations

import json

import pytest

from tests.fixtures.exported import CLASSES
from yolozu.artifacts.predictions import check_predictions, read_predictions
from yolozu.artifacts.predictions.read_columns import read_columns
from yolozu.contract.sections.predict import TtaSection, TttSection
from yolozu.data.corruption.corruption import Corruption
from yolozu.data.index import images_digest
from yolozu.errors import UsageError
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.adapters.opening import open_adapter
from yolozu.predict.run import PredictionRun, predict_to_file
from yolozu.predict.tta.mirror import mirror, mirror_some
from yolozu.predict.tta.views import describe_views
from yolozu.progress import SilentProgress

WAYS = {
    "as it is": {},
    "mirrored": {"tta": TtaSection(tta=True)},
    "sample": {"ttt": TttSection(ttt=True, ttt_preset="safe")},
    "stream": {"ttt": TttSection(ttt=True, ttt_preset="adapter_only", ttt_reset="stream", ttt_batch_size=2)},
}


@pytest.fixture
def request_onnx(exported):
    return AdapterRequest(classes=CLASSES, progress=SilentProgress(), onnx=exported.onnx, score_threshold=0.65)


def predict(request, records, path, name="onnxruntime", **options):
    return predict_to_file(name, request, records, path, **options)


def request_torch(exported, **options):
    return AdapterRequest(
        classes=CLASSES,
        progress=SilentProgress(),
        checkpoint=exported.checkpoint,
        score_threshold=0.5,
        **options,
    )


def numbers(entries):
    return [(entry.image, entry.scores.tolist(), entry.boxes_cxcywh.tolist()) for entry in entries]


def meta_of(path):
    return json.loads(path.read_text())["meta"]


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
        "images_sha256": images_digest(exported.index.records),
    }
    entries = read_predictions(path)
    assert (done.images, done.detections) == (5, sum(len(entry) for entry in entries))
    assert done.detections > 0


@pytest.mark.parametrize("options", WAYS.values(), ids=WAYS)
def test_the_same_request_gives_the_same_bytes(exported, tmp_path, options):
    request = request_torch(exported, transform=Corruption("shot_noise", 3, 0))
    for name in ("a.json", "b.json"):
        predict(request, exported.index.records, tmp_path / name, "rtdetr_pose", **options)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    predict(request_torch(exported), exported.index.records, tmp_path / "c.json", "rtdetr_pose")
    assert (tmp_path / "a.json").read_bytes() != (tmp_path / "c.json").read_bytes()


def test_the_file_says_what_was_done_to_the_pictures(exported, tmp_path):
    request = request_torch(exported, transform=Corruption("fog", 2, 1))
    predict(request, exported.index.records, tmp_path / "p.json", "rtdetr_pose")
    assert meta_of(tmp_path / "p.json")["transform"] == Corruption("fog", 2, 1).describe()


def test_the_file_says_which_views_were_fused(exported, tmp_path):
    views = TtaSection(tta=True, tta_mode="model", tta_rotations_deg=(0.0, 10.0))
    predict(request_torch(exported, views=views), exported.index.records[:1], tmp_path / "p.json", "rtdetr_pose")
    assert meta_of(tmp_path / "p.json")["tta"] == describe_views(views)


def test_finished_predictions_are_mirrored_where_that_is_asked_for(exported, tmp_path):
    records = exported.index.records
    adapter = open_adapter("rtdetr_pose", request_torch(exported))
    tta = TtaSection(tta=True, tta_seed=3, tta_flip_prob=0.5)
    done = predict(request_torch(exported), records, tmp_path / "p.json", "rtdetr_pose", tta=tta)
    expected, mirrored = mirror_some(adapter.predict(records), seed=3, flip_prob=0.5)
    assert meta_of(tmp_path / "p.json")["tta"] == {
        "mode": "prediction", "seed": 3, "flip_prob": 0.5, "mirrored": mirrored
    }  # fmt: skip
    assert numbers(read_predictions(tmp_path / "p.json")) == numbers(expected)
    assert done.detections == sum(len(entry) for entry in expected)


def test_a_network_that_adapts_is_reported_and_its_predictions_are_the_file_s(exported, tmp_path):
    records = exported.index.records[:2]
    predict(request_torch(exported), records, tmp_path / "plain.json", "rtdetr_pose")
    scored = []
    done = predict(
        request_torch(exported),
        records,
        tmp_path / "p.json",
        "rtdetr_pose",
        ttt=TttSection(ttt=True, ttt_lr=0.01),
        score=lambda predictions: scored.append(predictions) or {"map50_95": 0.5},
    )
    meta, entries = meta_of(tmp_path / "p.json"), read_predictions(tmp_path / "p.json")
    assert {**meta_of(tmp_path / "plain.json"), "ttt": done.ttt.settings.model_dump(mode="json")} == meta
    assert numbers(scored[0]) == numbers(read_predictions(tmp_path / "plain.json"))
    assert numbers(scored[1]) == numbers(entries) != numbers(scored[0])
    assert done.to_json()["ttt"] == done.ttt.summary()
    assert done.seconds >= done.ttt.cost.no_adapt_s + done.ttt.cost.predict_s - 0.01


def test_mirrored_predictions_are_those_of_the_adapted_network(exported, tmp_path):
    records = exported.index.records[:2]
    ttt, tta = TttSection(ttt=True, ttt_lr=0.01), TtaSection(tta=True, tta_flip_prob=1.0)
    predict(request_torch(exported), records, tmp_path / "a.json", "rtdetr_pose", ttt=ttt)
    predict(request_torch(exported), records, tmp_path / "b.json", "rtdetr_pose", ttt=ttt, tta=tta)
    adapted, mirrored = (read_predictions(tmp_path / name) for name in ("a.json", "b.json"))
    assert numbers(mirrored) == numbers([mirror(entry) for entry in adapted])


def test_an_adapter_that_cannot_adapt_writes_nothing(exported, request_onnx, tmp_path):
    with pytest.raises(UsageError, match="YZ613 it has no torch model that could adapt"):
        predict(request_onnx, exported.index.records, tmp_path / "p.json", ttt=TttSection(ttt=True))
    assert [*tmp_path.iterdir()] == []


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
    assert [entry.fields() for entry in read_predictions(path)] == [entry.fields() for entry in expected]


def test_the_same_lies_beside_as_columns_where_it_is_asked_for(exported_pose, tmp_path):
    request = AdapterRequest(classes=CLASSES, progress=SilentProgress(), onnx=exported_pose.onnx, max_detections=5)
    path = tmp_path / "predictions.json"
    predict(request, exported_pose.index.records, path)
    assert [*tmp_path.iterdir()] == [path]
    alone = read_predictions(path)
    predict(request, exported_pose.index.records, path, columns=True)
    found = read_columns(path)
    assert found is not None
    assert numbers(found[0]) == numbers(alone)
    assert [entry.fields() for entry in found[0]] == [entry.fields() for entry in alone]
    assert [*found[0][0].poses] == [*alone[0].poses]
