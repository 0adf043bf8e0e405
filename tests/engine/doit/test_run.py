import sys

from tests.engine.doit.test_tasks import build  # noqa: F401 - the fixture
from yolozu.engine.doit.run import run_build
from yolozu.engine.launchers.local import LAUNCHER


def test_a_failing_worker_stops_the_build_with_its_exit_code(build, monkeypatch, capsys):  # noqa: F811
    started = []

    def fail(job, **_):
        started.append(job.stage)
        return 1

    monkeypatch.setattr(LAUNCHER, "run", fail)
    assert run_build(build, ["eval"], sys.stdout) == 1
    assert started == ["prepare_data"]
    assert capsys.readouterr().out == "a: exp.yaml\n[1/9] prepare_data: has not been built\n"
    assert build.lock is None


def test_a_name_doit_does_not_know_is_an_error(build, capsys):  # noqa: F811
    assert run_build(build, ["nonsense"], sys.stdout) != 0
    assert "nonsense" in capsys.readouterr().err
