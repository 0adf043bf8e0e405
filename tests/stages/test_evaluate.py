from __future__ import annotations

import json

import pytest

from tests.evaluation.scenes import Found, Scene, Truth, index_of, predictions_of
from tests.stages.contexts import context_in
from yolozu.artifacts.predictions import write_predictions
from yolozu.contract.deliver import EvaluateSection, PredictSection
from yolozu.errors import GateFailed
from yolozu.stages.evaluate import STAGE, EvaluateInputs, EvaluateOutputs, EvaluateSpec

BOX = (40.0, 30.0, 100.0, 80.0)
SCENES = [Scene([Truth(0, BOX)], [Found(7, BOX, 0.5)]), Scene([Truth(0, BOX)], [])]


def run(tmp_path, *, max_images=None, **evaluate):
    index_of(SCENES).write(tmp_path / "index.json")
    write_predictions(tmp_path / "predictions.json", predictions_of(SCENES)[:max_images], {})
    inputs = EvaluateInputs(tmp_path / "predictions.json", tmp_path / "unread.json", tmp_path / "index.json")
    spec = EvaluateSpec(evaluate=EvaluateSection(**evaluate), predict=PredictSection(max_images=max_images))
    return STAGE.run(spec, inputs, EvaluateOutputs(tmp_path / "eval_coco.json"), context_in(tmp_path))


def report_in(tmp_path):
    return json.loads((tmp_path / "eval_coco.json").read_text())


@pytest.mark.effect("eval_engine")
@pytest.mark.parametrize("engine", ["hotcoco", "pycocotools"])
def test_the_metrics_are_returned_and_reported(tmp_path, engine):
    metrics = run(tmp_path, eval_engine=engine)
    assert metrics["map50_95"] == pytest.approx(0.504950495)
    assert report_in(tmp_path)["metrics"] == metrics
    assert report_in(tmp_path)["engine"] == engine


@pytest.mark.effect("max_images")
def test_only_the_predicted_images_are_evaluated(tmp_path):
    assert run(tmp_path, max_images=1)["map50_95"] == pytest.approx(1.0)


def test_a_met_gate_passes(tmp_path):
    run(tmp_path, require={"map50": ">= 0.5"})


@pytest.mark.effect("require")
def test_missed_gates_fail_with_what_was_measured_after_the_report_is_written(tmp_path):
    with pytest.raises(GateFailed) as caught:
        run(tmp_path, require={"map50": ">= 0.9", "map_small": "> 0", "ar100": ">= 0.1"})
    assert [(finding.where, finding.problem) for finding in caught.value.findings] == [
        ("require.map50", "measured 0.50495, required >= 0.9"),
        ("require.map_small", "nothing was measured (no ground truth for it), required > 0"),
    ]
    assert report_in(tmp_path)["metrics"]["map50"] == pytest.approx(0.504950495)


def test_the_same_request_twice_gives_the_same_report_but_for_its_time(tmp_path):
    run(tmp_path)
    first = {**report_in(tmp_path), "timestamp": None}
    run(tmp_path)
    assert {**report_in(tmp_path), "timestamp": None} == first
