"""How long a plan is expected to take, by earlier runs."""

import json
from pathlib import Path

import pytest

from tests.engine.conftest import opened
from tests.fixtures.played import CONTRACT
from tests.fixtures.played_stages import play
from yolozu.app.expected_time import expected
from yolozu.app.expected_time.expected import expected_times
from yolozu.cli.app import main
from yolozu.engine.doit.run import run_build
from yolozu.engine.doit.tasks import Build
from yolozu.paths import TRAIN_METRICS, RunLayout

STAGES = ("prepare_data", "train", "export_onnx", "onnx_parity", "predict", "validate_predictions", "evaluate")


@pytest.fixture
def built(tmp_path, monkeypatch):
    """A run ``a`` of ten steps whose receipts say that its training took 100 s, and every other stage 10 s."""
    monkeypatch.chdir(tmp_path)
    Path("exp.yaml").write_text(CONTRACT.replace("store: false", "store: true"))
    played = play(monkeypatch)
    played.numbers["a/prepare_data"] = {"train_images": 20, "val_images": 4, "predict_images": 4}
    played.numbers["a/train"] = {"steps": 10}
    assert run_build(Build(opened(run_id="a")), ["evaluate"], None) == 0
    layout = RunLayout.of("a")
    for stage in STAGES:
        path = layout.receipt_path(stage)
        receipt = json.loads(path.read_text())
        path.write_text(json.dumps({**receipt, "seconds": 100.0 if stage == "train" else 10.0}))
    return layout


def times(*words, run_id="b"):
    session = opened(*words, run_id=run_id)
    return expected_times(session, session.foreseen(["evaluate"]))


def one_go(layout):
    """Let the training of a run have been one try; its rows tell no pace."""
    started = json.loads(layout.receipt_path("train").read_text())["started_at"]
    row = {"meta": {"optim_step": 10}, "timestamp": started}
    layout.root.joinpath(TRAIN_METRICS).write_text(f"{json.dumps(row)}\n")


@pytest.mark.slow
def test_times_are_those_of_the_nearest_run_scaled_by_the_work(built):
    one_go(built)
    found = times("max_steps=40", "lr=0.5", "store=false")
    assert (found["train"].seconds, found["train"].run, found["train"].scale) == (400.0, "a", 4.0)
    assert found["evaluate"].seconds == 10.0
    assert found["train"].differs == 2
    assert times("max_images=2", "store=false", run_id="a")["predict"].seconds == 5.0


@pytest.mark.slow
def test_of_a_training_in_several_tries_and_of_another_device_nothing_is_known(built):
    assert times("lr=0.5", "store=false")["train"].seconds is None  # its rows are not there
    assert times("device=cuda", "store=false")["prepare_data"].seconds is None


@pytest.mark.slow
def test_a_plan_sees_through_the_store_and_asks_no_receipt_where_nothing_runs(built, monkeypatch, capsys):
    found = times()
    assert {name: one.seconds for name, one in found.items()} == dict.fromkeys(STAGES, 0.0)
    assert main(["plan", "exp.yaml", "run_id=b", "eval"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "  evaluate              runs (new); is in the store (a)"
    assert main(["plan", "exp.yaml", "run_id=b", "eval", "eval_engine=pycocotools"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[1:3] == [
        "  prepare_data          runs (new); is in the store (a)",
        "  train                 runs (new); is in the store (a)",
    ]
    assert told[7:] == ["  evaluate              runs (new), about 10.0s", "in all about 10.0s"]
    monkeypatch.setattr(expected, "past_stages", None)
    assert times(run_id="a") == {}


@pytest.mark.slow
def test_json_tells_where_a_time_comes_from(built, capsys):
    assert main(["plan", "exp.yaml", "run_id=b", "eval", "parity_images=16", "store=false", "--json"]) == 0
    rows = {row["stage"]: row for row in json.loads(capsys.readouterr().out)["stages"]}
    assert rows["onnx_parity"]["expected_from"] == {"run": "a", "seconds": 10.0, "scale": 2.0, "differs": 1}
    assert (rows["train"]["expected_s"], rows["train"]["expected_from"]) == (None, None)
