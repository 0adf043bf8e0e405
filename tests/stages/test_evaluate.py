from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.evaluation.pose import scenes as posed
from tests.evaluation.scenes import Found, Scene, Truth, index_of, predictions_of
from tests.stages.contexts import Notes, context_in
from yolozu.artifacts.jsonio import pretty, write_text
from yolozu.artifacts.meshes import ObjectModels
from yolozu.artifacts.predictions import check_predictions, write_predictions
from yolozu.artifacts.predictions.check import check_report
from yolozu.contract.sections.evaluate import EvaluateSection
from yolozu.contract.sections.predict import PredictSection
from yolozu.errors import GateFailed
from yolozu.evaluation.known_images import known_images
from yolozu.stages.evaluate import STAGE, EvaluateInputs, EvaluateOutputs, EvaluateSpec

BOX = (40.0, 30.0, 100.0, 80.0)
SCENES = [Scene([Truth(0, BOX)], [Found(7, BOX, 0.5)]), Scene([Truth(0, BOX)], [])]


VIEWS = [
    posed.View([posed.Thing(posed.BOX)], [posed.Guess(posed.BOX, 0.5, (0.01, 0.0, 1.0))]),
    posed.View([posed.Thing(posed.BOX)], []),
]


def run(tmp_path, *, max_images=None, **evaluate):
    return run_on(
        tmp_path, index_of(SCENES), predictions_of(SCENES)[:max_images], max_images=max_images, evaluate=evaluate
    )


def run_on_poses(tmp_path, *, max_images=None, notes=None, **evaluate):
    predictions = posed.predictions_of(VIEWS)[:max_images]
    return run_on(tmp_path, posed.index_of(VIEWS), predictions, max_images=max_images, evaluate=evaluate, notes=notes)


def run_on(tmp_path, index, predictions, *, max_images, evaluate, notes=None):
    index.write(tmp_path / "index.json")
    (posed.MODELS if index.has_poses else ObjectModels()).write(tmp_path / "models.json")
    write_predictions(tmp_path / "predictions.json", predictions, {})
    known = known_images(index, max_images=max_images)
    check = check_predictions(tmp_path / "predictions.json", known=known)
    write_text(tmp_path / "check.json", pretty(check_report(check)))
    inputs = EvaluateInputs(
        tmp_path / "predictions.json", tmp_path / "check.json", tmp_path / "index.json", tmp_path / "models.json"
    )
    outputs = EvaluateOutputs(tmp_path / "eval_coco.json", tmp_path / "eval_pose.json", tmp_path / "bop.csv")
    spec = EvaluateSpec(evaluate=EvaluateSection(**evaluate), predict=PredictSection(max_images=max_images))
    return STAGE.run(spec, inputs, outputs, context_in(tmp_path, notes))


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


def test_what_the_check_warned_of_stands_in_the_reports(tmp_path):
    predictions = posed.predictions_of(VIEWS)
    noted = [replace(predictions[0], extras=({"track": 7},) * len(predictions[0])), *predictions[1:]]
    run_on(tmp_path, posed.index_of(VIEWS), noted, max_images=None, evaluate={})
    said = "predictions[0].detections[0].track: unknown key (said once, at its first place)"
    assert report_in(tmp_path)["warnings"][0] == said
    assert json.loads((tmp_path / "eval_pose.json").read_text())["warnings"][0] == said


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


def test_poses_are_evaluated_where_there_are_any(tmp_path):
    notes = Notes()
    metrics = run_on_poses(tmp_path, notes=notes)
    report = json.loads((tmp_path / "eval_pose.json").read_text())
    assert report["metrics"].items() <= metrics.items()
    assert (metrics["add_01d"], metrics["t_mm_median"]) == (0.5, pytest.approx(10.0))
    assert report["counts"]["ground_truth"] == 2
    assert len((tmp_path / "bop.csv").read_text().splitlines()) == 2
    assert notes.lines[-1] == "evaluate: add_s_01d 0.5000, rot_deg_median 0.0000, t_mm_median 10.0000 of 2 poses"


def test_without_poses_nothing_is_written_about_them(tmp_path):
    assert "add_01d" not in run(tmp_path)
    assert not (tmp_path / "eval_pose.json").exists()
    assert not (tmp_path / "bop.csv").exists()


@pytest.mark.effect("max_images")
def test_only_the_predicted_images_poses_are_evaluated(tmp_path):
    assert run_on_poses(tmp_path, max_images=1)["add_01d"] == 1.0


def test_gates_on_poses_hold_or_miss(tmp_path):
    run_on_poses(tmp_path, require={"add_01d": ">= 0.5", "t_mm_median": "< 10.1"})
    with pytest.raises(GateFailed) as caught:
        run_on_poses(tmp_path, require={"t_mm_median": "< 5"})
    assert [finding.problem for finding in caught.value.findings] == ["measured 10, required < 5"]
    assert (tmp_path / "eval_pose.json").is_file()


def test_a_gate_on_poses_is_missed_by_data_without_any(tmp_path):
    with pytest.raises(GateFailed) as caught:
        run(tmp_path, require={"rot_deg_median": "< 5"})
    assert str(caught.value) == (
        "require.rot_deg_median: YZ804 nothing was measured (no object has a pose), required < 5\n"
        "  fix: evaluate data that has such objects, or drop the gate"
    )
