import errno
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.engine.conftest import CONTRACT, opened
from yolozu.engine.doit import tasks
from yolozu.engine.doit.tasks import Build, doit_config
from yolozu.engine.stopping import StopBuild
from yolozu.engine.view.view import JsonView
from yolozu.planning.staleness import Reason


@pytest.fixture
def build(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exp.yaml").write_text(CONTRACT)
    return Build(opened())


def tasks_of(build):
    return {task["basename"]: task for task in build.tasks()}


def test_every_stage_is_a_task_of_file_targets(build):
    parity = tasks_of(build)["onnx_parity"]
    assert sorted(parity["file_dep"]) == [
        "runs/a/checkpoints/best.pt",
        "runs/a/data/val.json",
        "runs/a/exports/model.onnx",
        "runs/a/plan/onnx_parity.json",
    ]
    assert parity["targets"] == ["runs/a/reports/onnx_parity.json"]
    assert parity["task_dep"] == ["train", "export_onnx", "prepare_data"]


def test_an_output_that_may_be_left_out_is_no_target(build):
    assert "runs/a/data/rendered" not in tasks_of(build)["prepare_data"]["targets"]


def test_short_names_stand_for_stages(build):
    assert {name: tasks_of(build)[name]["task_dep"] for name in ("export", "parity", "eval", "test")} == {
        "export": ["export_onnx"],
        "parity": ["onnx_parity"],
        "eval": ["evaluate"],
        "test": ["scenarios"],
    }


def test_a_build_has_its_own_database_and_builds_everything_by_default(build):
    config = doit_config(build, reporter=None)
    assert (config["dep_file"], config["backend"]) == ("runs/a/plan/doit.sqlite", "yolozu")
    assert config["default_tasks"] == [node.name for node in build.session.plan.nodes]


def test_resolving_writes_the_plan_under_the_lock(build):
    (resolve,) = tasks_of(build)["_resolve"]["actions"][0]
    assert resolve() is None
    assert Path("runs/a/plan/train.json").is_file()
    build.release()
    assert build.lock is None


def test_a_run_somebody_else_builds_is_refused_with_exit_code_2(build, capsys):
    other = Build(build.session)
    (resolve,) = tasks_of(build)["_resolve"]["actions"][0]
    (second,) = tasks_of(other)["_resolve"]["actions"][0]
    resolve()
    # One process may take its own lock twice, so the second builder is played by a lock that times out.
    import filelock

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("yolozu.engine.lock.FileLock.acquire", lambda _: (_ for _ in ()).throw(filelock.Timeout("x")))
        refused = second()
    build.release()
    assert (type(refused).__name__, other.exit_code) == ("TaskError", 2)
    assert "run a is being written by process" in capsys.readouterr().err


def test_what_was_never_built_has_to_run(build):
    node = build.session.plan["prepare_data"]
    assert build.session.own_reasons(node) == (Reason("never built", "prepare_data"),)


def test_a_short_name_of_a_stage_that_is_not_in_the_plan_is_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exp.yaml").write_text(CONTRACT)
    tasks = tasks_of(Build(opened("scenarios=none")))
    assert not {"test", "scenarios"} & set(tasks)


def test_a_place_without_permission_or_room_is_told_with_exit_code_2(build, capsys, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied", "runs/a/plan/train.json")

    monkeypatch.setattr("yolozu.engine.session.write_text_if_changed", refuse)
    (resolve,) = tasks_of(build)["_resolve"]["actions"][0]
    assert resolve() is not None
    assert build.exit_code == 2
    assert capsys.readouterr().err == (
        "a: runs/a/plan/train.json: YZ314 the system says: Permission denied\n"
        "  fix: make room or give permission and run the same command again\n"
    )
    build.release()


def test_a_worker_that_the_machine_cannot_start_is_told_with_exit_code_2(build, capsys, monkeypatch):
    def cannot_start(*_arguments, **_options):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    build.resolve()
    monkeypatch.setattr(subprocess, "Popen", cannot_start)
    assert build.build_stage(build.session.plan["prepare_data"]) is not None
    assert build.exit_code == 2
    assert capsys.readouterr().err == (
        "a: prepare_data: YZ314 the system says: Too many open files\n"
        "  fix: let a process open more files (ulimit -n) or lower num_workers and run the same command again\n"
    )
    build.release()


def test_receipts_that_cannot_be_read_are_refused_together_before_anything_is_touched(build, capsys):
    layout = build.session.layout
    layout.receipts_dir.mkdir(parents=True)
    layout.receipt_path("train").write_text("{}")
    layout.receipt_path("evaluate").write_text("")
    (layout.root / "checkpoints").mkdir()
    (layout.root / "checkpoints/last.pt").touch()
    (resolve,) = tasks_of(build)["_resolve"]["actions"][0]
    assert resolve() is not None
    assert build.exit_code == 2
    assert capsys.readouterr().err == (
        "runs/a/receipts/train.json: YZ301 is no receipt of this version\n"
        "  fix: put an intact copy in its place; or delete it: train then runs again from the start and replaces "
        "checkpoints/last.pt\n"
        "runs/a/receipts/evaluate.json: YZ301 cannot be read as JSON: line 1, column 1: expecting value\n"
        "  fix: put an intact copy in its place; or delete it: evaluate then runs again\n"
    )
    assert not layout.plan_dir.exists()


def test_what_a_request_to_stop_means_is_asked_where_the_build_is_shown(build):
    several = Build(build.session, view=JsonView(), stopping=StopBuild(lambda _: "c"))
    assert (several.stopping.ask("?"), build.stopping.ask) == (None, build.view.ask)


@pytest.mark.parametrize("ran", [["train"], []])
def test_the_end_of_a_build_tells_of_space_that_is_held_for_nobody(build, monkeypatch, ran):
    monkeypatch.setattr(tasks, "summary_of", lambda *_: SimpleNamespace(lines=lambda: ["a: built"]))
    monkeypatch.setattr(tasks, "held_for_nobody", lambda *_: "12.0 GB are of no run")
    build.summarizes, build.asked, build.ran = True, ["train"], ran
    assert build.summary() == ["a: built", *(["12.0 GB are of no run"] if ran else [])]
