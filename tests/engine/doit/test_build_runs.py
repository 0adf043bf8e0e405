"""Several runs built as one graph, by played workers."""

import signal
from collections import Counter
from pathlib import Path
from threading import Barrier, BrokenBarrierError

import pytest
from filelock import FileLock

from tests.engine.doit.sessions import sessions_of
from tests.fixtures.played_stages import play
from yolozu.engine.doit.build_runs import RunEnd, RunsBuild
from yolozu.engine.doit.shared_results import stale_part
from yolozu.engine.doit.tasks import Build
from yolozu.engine.view.several import SeveralQuiet
from yolozu.errors import UsageError
from yolozu.planning.receipt import Receipt


@pytest.fixture
def played(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return play(monkeypatch)


def build(runs, **how):
    return RunsBuild(stale_part(sessions_of(**runs)), SeveralQuiet(), **how).run()


def made(played):
    return Counter(name.partition("/")[2] for name in played.made)


@pytest.mark.slow
def test_runs_are_built_one_after_another_and_are_up_to_date_then(played):
    runs = {"a": "lr=0.1", "b": "lr=0.2"}
    assert build(runs) == [RunEnd("a", 0), RunEnd("b", 0)]
    assert [name for name in played.ran if name.endswith("/train")] == ["a/train", "b/train"]
    assert played.ran.index("a/report") < played.ran.index("b/train")
    played.ran.clear()
    assert build(runs) == [RunEnd("a", 0), RunEnd("b", 0)]
    assert played.ran == []


@pytest.mark.slow
def test_a_sweep_over_a_key_of_the_evaluation_trains_once(played):
    build({"a": "", "b": "eval_engine=pycocotools"})
    assert made(played) == {
        "prepare_data": 1, "train": 1, "export_onnx": 1, "onnx_parity": 1, "predict": 1, "validate_predictions": 1,
        "evaluate": 2, "report": 2,
    }  # fmt: skip


@pytest.mark.slow
def test_what_a_store_has_is_taken_without_a_worker(played):
    build({"a": "", "b": "eval_engine=pycocotools"})
    assert played.ran == played.made
    assert Receipt.read(Path("runs/b/receipts/train.json")).ran_on["store"] == "a"


@pytest.mark.slow
def test_what_another_worker_is_at_is_left_to_a_worker(played):
    build({"a": ""})
    (held := FileLock(Path("runs/b/scratch/train.lock"), thread_local=False)).acquire()
    played.while_running = lambda name: held.release() if name == "b/train" else None
    build({"b": "eval_engine=pycocotools"})
    assert [name for name in played.ran if name.startswith("b/")] == ["b/train", "b/evaluate", "b/report"]


@pytest.mark.slow
def test_a_sweep_over_lr_prepares_data_once(played):
    build({"a": "lr=0.1", "b": "lr=0.2"}, workers=2)
    assert (made(played)["prepare_data"], made(played)["train"]) == (1, 2)


@pytest.mark.slow
def test_without_the_store_every_run_makes_its_own(played):
    build({"a": "store=false", "b": "store=false eval_engine=pycocotools"})
    assert (made(played)["prepare_data"], made(played)["train"]) == (2, 2)


def test_a_failed_run_does_not_keep_others_from_being_built(played):
    played.fails["a/train"] = 2
    ends = build({"a": "lr=0.1", "b": "lr=0.2"})
    assert [(end.run_id, end.exit_code, end.stage) for end in ends] == [("a", 2, "train"), ("b", 0, None)]
    assert "a/predict" not in played.ran


def test_who_waits_for_a_failed_run_says_so(played):
    played.fails["a/prepare_data"] = 2
    assert build({"a": "lr=0.1", "b": "lr=0.2"})[1] == RunEnd(
        "b", 2, "prepare_data", "waits for a/prepare_data, which failed"
    )


def test_fail_fast_begins_nothing_more(played):
    played.fails["a/train"] = 1
    ends = build({"a": "lr=0.1", "b": "lr=0.2"}, fail_fast=True)
    assert [(end.run_id, end.exit_code, end.said) for end in ends] == [("a", 1, "exit code 1"), ("b", 75, "not begun")]
    assert not any(name.startswith("b/") for name in played.ran)


def test_several_stages_run_at_once_each_with_its_share(played):
    together = Barrier(2)

    def meet(name):
        if name.endswith("/train"):
            together.wait(20)

    played.while_running = meet
    ends = build({"a": "lr=0.1", "b": "lr=0.2"}, workers=2, environment={})
    assert [end.exit_code for end in ends] == [0, 0]
    assert played.environments["a/train"]["OMP_NUM_THREADS"].isdecimal()


def test_gpus_are_given_to_who_needs_one(played, monkeypatch):
    monkeypatch.setattr("yolozu.engine.doit.tasks.missing_devices", lambda *_: [])
    alone = Barrier(2)

    def meet(name):
        if name.endswith("/train"):
            with pytest.raises(BrokenBarrierError):
                alone.wait(0.3)

    played.while_running = meet
    ends = build({"a": "lr=0.1 device=cuda", "b": "lr=0.2 device=cuda"}, workers=2, gpus=["7"])
    assert [end.exit_code for end in ends] == [0, 0]
    assert played.environments["b/train"]["CUDA_VISIBLE_DEVICES"] == "7"
    assert "CUDA_VISIBLE_DEVICES" not in played.environments["a/prepare_data"]


def test_a_stop_begins_nothing_more(played):
    played.while_running = lambda name: name == "a/train" and signal.raise_signal(signal.SIGTERM)
    ends = build({"a": "lr=0.1", "b": "lr=0.2"})
    assert [(end.exit_code, end.said) for end in ends] == [(75, "not begun"), (75, "not begun")]
    assert played.ran[-1] == "a/train"


def test_a_run_that_may_not_be_built_is_left_out(played, monkeypatch):
    ordinary = Build.resolve

    def resolve(build):
        if build.session.layout.run_id == "a":
            refused = UsageError.one("YZ302", where="a", problem="is being written", fix="wait")
            build.error, build.exit_code = refused, 2
            return
        ordinary(build)

    monkeypatch.setattr(Build, "resolve", resolve)
    ends = build({"a": "lr=0.1", "b": "lr=0.2"})
    assert ends == [RunEnd("a", 2, None, "a: YZ302 is being written"), RunEnd("b", 0)]
