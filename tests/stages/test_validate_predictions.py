from __future__ import annotations

import json
from unittest.mock import ANY

import pytest

from tests.evaluation.scenes import Found, Scene, index_of, predictions_of
from tests.stages.contexts import context_in
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.predictions import write_predictions
from yolozu.artifacts.predictions.columns_file import columns_path, part_of, write_columns
from yolozu.contract.sections.predict import PredictSection
from yolozu.errors import GateFailed
from yolozu.stages.validate_predictions import (
    STAGE,
    ValidatePredictionsInputs,
    ValidatePredictionsOutputs,
    ValidatePredictionsSpec,
)

BOX = (40.0, 30.0, 100.0, 80.0)


def run(tmp_path, scenes, predicted, **predict):
    index_of(scenes).write(tmp_path / "index.json")
    write_predictions(tmp_path / "predictions.json", predictions_of(predicted), {})
    inputs = ValidatePredictionsInputs(tmp_path / "predictions.json", tmp_path / "index.json")
    outputs = ValidatePredictionsOutputs(tmp_path / "report.json")
    spec = ValidatePredictionsSpec(predict=PredictSection(**predict))
    return STAGE.run(spec, inputs, outputs, context_in(tmp_path))


def test_sound_predictions_pass_and_are_counted(tmp_path):
    scenes = [Scene([], [Found(7, BOX, 0.5)]), Scene()]
    assert run(tmp_path, scenes, scenes) == {"images": 2, "detections": 1, "warnings": 0}
    assert json.loads((tmp_path / "report.json").read_text())["passed"] is True


def test_only_the_predicted_images_are_expected(tmp_path):
    assert run(tmp_path, [Scene(), Scene()], [Scene()], max_images=1)["warnings"] == 0
    assert run(tmp_path, [Scene(), Scene()], [Scene()])["warnings"] == 1


def test_an_error_fails_the_gate_with_its_place_and_leaves_the_report(tmp_path):
    wrong = [Scene([], [Found(1, BOX, 0.5)] * 30)]
    with pytest.raises(GateFailed) as caught:
        run(tmp_path, wrong, wrong)
    assert caught.value.findings[0].where == "predictions[0].detections[0].class_id"
    assert caught.value.findings[-1].render() == (
        "predictions/predictions.json: YZ719 10 more errors\n  fix: see reports/predictions_check.json"
    )
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["passed"], report["counts"]["errors"]) == (False, 30)


def test_columns_beside_the_file_give_the_same_report(tmp_path, monkeypatch):
    scenes = [Scene([], [Found(7, BOX, 0.5)]), Scene()]
    numbers = run(tmp_path, scenes, scenes)
    said = json.loads((tmp_path / "report.json").read_text())
    path, part = tmp_path / "predictions.json", part_of(predictions_of(scenes))
    assert part is not None
    write_columns(columns_path(path), [part], {}, predictions_sha256=digest_file(path))
    monkeypatch.setattr("yolozu.artifacts.predictions.check_predictions", None)
    assert run(tmp_path, scenes, scenes) == numbers
    assert json.loads((tmp_path / "report.json").read_text()) == {**said, "timestamp": ANY}
