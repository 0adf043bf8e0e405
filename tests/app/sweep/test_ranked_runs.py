"""Runs of a sweep by what they are ranked by."""

import json
from pathlib import Path

import pytest

from tests.app.sweep.conftest import SWEEP
from yolozu.app.sweep.building import build_sweep, open_runs
from yolozu.app.sweep.planned_runs import planned_runs
from yolozu.app.sweep.ranked_runs import ranking
from yolozu.engine.view.several import SeveralQuiet
from yolozu.evaluation.pose.registry import LOWER_IS_BETTER, POSE_METRICS


def ranked(*, builds=False):
    sweep, runs = planned_runs(Path("sweep.yaml"))
    part = open_runs(sweep, runs, ["yolozu"])
    if builds:
        build_sweep(part, jobs=1, gpus=None, fail_fast=False, view_of=lambda _: SeveralQuiet())
    return ranking(sweep, runs, part.sessions)


def rows(found):
    return [(run.run_id, run.metric, run.state) for run in found.runs]


@pytest.fixture
def measured(played):
    for place, name in enumerate(("s-lr0.001", "s-eval_engine_pycocotools-lr0.01")):
        played.numbers[f"{name}/evaluate"] = {"map50_95": 0.5 + place / 10, "rot_deg_median": 5.0 + place}
    played.fails["s-lr0.01/evaluate"] = 1
    return played


def test_the_best_is_first_and_what_was_not_measured_last(measured):
    found = ranked(builds=True)
    assert rows(found) == [
        ("s-eval_engine_pycocotools-lr0.01", 0.6, "up to date"),
        ("s-lr0.001", 0.5, "up to date"),
        ("s-lr0.01", None, "not built"),
    ]
    assert found.runs[0].values == {"lr": 0.01, "eval_engine": "pycocotools"}
    assert found.runs[0].minutes is not None


def test_minutes_are_of_stages_that_a_run_has_run_itself(measured):
    ranked(builds=True)
    for name, stage, seconds in (("s-lr0.001", "train", 120.0), ("s-eval_engine_pycocotools-lr0.01", "train", 240.0)):
        path = Path(f"runs/{name}/receipts/{stage}.json")
        path.write_text(json.dumps({**json.loads(path.read_text()), "seconds": seconds}))
    minutes = {run.run_id: run.minutes for run in ranked().runs}
    assert minutes["s-lr0.001"] == pytest.approx(2.0, abs=0.05)
    assert minutes["s-eval_engine_pycocotools-lr0.01"] < 1.0  # its training is that of s-lr0.01


def test_of_an_error_the_least_is_best(measured):
    Path("sweep.yaml").write_text(SWEEP + "metric: rot_deg_median\n")
    assert [run.metric for run in ranked(builds=True).runs] == [5.0, 6.0, None]


def test_nothing_need_be_built(played):
    assert rows(ranked()) == [
        ("s-lr0.001", None, "not built"),
        ("s-lr0.01", None, "not built"),
        ("s-eval_engine_pycocotools-lr0.01", None, "not built"),
    ]


def test_a_run_that_is_stale_keeps_its_number(measured):
    ranked(builds=True)
    Path("runs/s-lr0.001/checkpoints/best.pt").write_text("other")
    assert ("s-lr0.001", 0.5, "stale") in rows(ranked())


def test_medians_are_of_errors():
    assert {name for name in POSE_METRICS if POSE_METRICS.load(name).median} == LOWER_IS_BETTER
