import json
import signal
import sys

import pytest

from yolozu.contract.sections.operations import OperationsSection
from yolozu.engine.launchers import local
from yolozu.engine.launchers.base import WorkerJob
from yolozu.engine.launchers.local import LAUNCHER
from yolozu.engine.stopping import StopBuild
from yolozu.paths import RunLayout


@pytest.fixture
def play(monkeypatch):
    """Let the worker be a program of our own; returns the setter of its code."""
    real = local.subprocess.Popen

    def use(code):
        monkeypatch.setattr(
            local.subprocess, "Popen", lambda _, **options: real([sys.executable, "-c", code], **options)
        )

    return use


def run(layout, stopping):
    return LAUNCHER.run(WorkerJob(layout, "train", OperationsSection()), stopping=stopping, say=None)


@pytest.mark.effect("executor")
def test_the_exit_code_is_the_worker_s(tmp_path, play):
    play("raise SystemExit(2)")
    assert run(RunLayout(tmp_path / "a"), stopping=StopBuild()) == 2


def test_a_killed_worker_counts_as_interrupted(tmp_path, play, capsys):
    play("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    layout = RunLayout(tmp_path / "a")
    assert run(layout, stopping=StopBuild()) == 75
    assert capsys.readouterr().err == (
        "a: train: YZ304 its worker was killed by SIGKILL\n"
        "  fix: run the same command again; it goes on from what was saved\n"
    )
    assert json.loads((layout.root / "receipts/train.failed.json").read_text())["kind"] == "Interrupted"


def test_a_killed_worker_is_told_of_also_where_nothing_can_be_recorded(tmp_path, play, capsys):
    play("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    (tmp_path / "a").touch()
    assert run(RunLayout(tmp_path / "a"), stopping=StopBuild()) == 75
    assert "killed by SIGKILL" in (said := capsys.readouterr().err)
    assert "not recorded: " in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_passed_on_once_and_the_worker_is_waited_for(tmp_path, play, number):
    play(
        "import os, signal, sys, time\n"
        "for number in (signal.SIGTERM, signal.SIGHUP): signal.signal(number, lambda *_: sys.exit(75))\n"
        f"os.kill(os.getppid(), signal.{number.name})\n"
        "time.sleep(30)\n"
    )
    with StopBuild() as stopping:
        assert run(RunLayout(tmp_path / "a"), stopping=stopping) == 75
    assert stopping.count == 1


def test_a_worker_starts_with_interrupts_that_wait_for_it(tmp_path, play):
    play("import signal; raise SystemExit(2 if signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []) else 0)")
    assert run(RunLayout(tmp_path / "a"), stopping=StopBuild()) == 2
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_a_worker_that_is_stopped_while_it_starts_was_stopped_and_not_killed(tmp_path, play, capsys):
    play("import os, time; os.kill(os.getppid(), 15); time.sleep(30)")
    with StopBuild() as stopping:
        assert run(RunLayout(tmp_path / "a"), stopping=stopping) == 75
    assert capsys.readouterr().err.startswith("a: train: YZ311 stopped on request, at once\n")
