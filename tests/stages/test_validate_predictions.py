from __future__ import annotations

import json

import pytest

from tests.evaluation.scenes import Found, Scene, index_of, predictions_of
from tests.stages.contexts import context_in
from yolozu.artifacts.predictions import write_predictions
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
