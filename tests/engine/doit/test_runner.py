"""What signals do to real builds, however doit was told to run them."""

import signal

import pytest

from tests.engine.doit.test_tasks import build  # noqa: F401 - the fixture
from tests.fixtures.played import make_played, signalled
from yolozu.engine.doit.run import run_build
from yolozu.engine.doit.runner import _runner
from yolozu.engine.launchers.local import LAUNCHER

pytestmark = pytest.mark.slow

INT, TERM, HUP = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
DOIT = ["-m", "doit"]
NOT_KEPT = "a: export_onnx: YZ311 stopped on request, and nothing of this stage is kept\n"


def assert_stopped(ended, *, within_s=5.0):
    assert (ended.code, ended.workers) == (75, []), ended.said
    assert "Traceback" not in ended.said, ended.said
    assert ended.seconds < within_s


@pytest.mark.parametrize(
    ("words", "settings", "to", "number"),
    [
        ([*DOIT, "-n", "2", "-P", "thread"], "{}", "builder", TERM),
        ([*DOIT, "-r", "zero"], "{'num_process': 3}", "builder", HUP),
        (["cli.py", "run", "exp.yaml"], "{}", "group", INT),
    ],
)
def test_a_stop_reaches_the_training_which_saves(tmp_path, words, settings, to, number):
    make_played(tmp_path, settings=settings)
    ended = signalled(tmp_path, [*words, "run_id=a"], at="train runs", numbers=[number], to=to)
    assert_stopped(ended)
    assert "YZ505 stopped on request" in ended.said
    assert ("-n has no effect" in ended.said) == ("-n" in words or "num" in settings)


def test_a_stop_of_the_worker_alone_ends_a_stage_that_saves_nothing_at_once_and_the_build(tmp_path):
    make_played(tmp_path, train_s=0, others={"export_onnx": 20})
    ended = signalled(tmp_path, [*DOIT, "run_id=a"], at="export_onnx runs", numbers=[TERM], to="worker")
    assert_stopped(ended)
    assert NOT_KEPT in ended.said
    assert "onnx_parity runs" not in ended.said


def test_a_stop_while_the_run_is_opened_is_one_line(tmp_path):
    make_played(tmp_path)
    slow = "import time\nimport yolozu.engine.dodo as d\nopen_ = d.session_of\n"
    slow += "d.session_of = lambda *a, **k: print('opens', flush=True) or time.sleep(20) or open_(*a, **k)\n"
    (tmp_path / "dodo.py").write_text(slow + (tmp_path / "dodo.py").read_text())
    ended = signalled(tmp_path, [*DOIT, "run_id=a"], at="opens", numbers=[INT], to="group")
    assert_stopped(ended)
    assert ended.said == "opens\ninterrupted\n"


def test_other_tasks_are_still_run_in_parallel_and_stop_without_a_traceback(tmp_path):
    make_played(tmp_path)
    ended = signalled(tmp_path, [*DOIT, "-n", "2", "chore"], at="begun", numbers=[INT], to="group")
    assert_stopped(ended)
    assert "-n has no effect" not in ended.said


def test_no_stage_begins_once_a_stop_was_asked_for(build, monkeypatch, capsys):  # noqa: F811
    monkeypatch.setattr(LAUNCHER, "run", lambda *_, **__: pytest.fail("a stage began"))
    monkeypatch.setattr(build, "resolve", lambda: setattr(build.stopping, "count", 1))
    import sys

    assert run_build(build, ["eval"], sys.stdout) == 75
    assert capsys.readouterr().err == (
        "a: prepare_data: YZ311 stopped on request, before this stage\n"
        "  fix: run the same command again: it goes on from what was saved\n"
    )


def test_the_end_has_the_documented_exit_code_whatever_the_reporter(build):  # noqa: F811
    class Kind:
        def finish(self):
            return 1

    build.exit_code = 75
    with pytest.raises(SystemExit) as caught:
        _runner(Kind, build)().finish()
    assert caught.value.code == 75
