"""What trackio is asked for, by a stand-in with the calls of trackio 0.43; CI does not install it."""

import sys
from types import ModuleType

import pytest

from yolozu.training.loggers.base import LoggedTraining
from yolozu.training.loggers.trackio import TrackioLogger


@pytest.fixture
def calls(monkeypatch):
    found = []

    class Run:
        def log(self, metrics, step):
            found.append(("log", metrics, step))

    def init(**how):
        print("* Trackio project initialized")
        found.append(("init", how["project"], how["name"], how["config"], how["resume"], how["space_id"]))
        return Run()

    def finish():
        print("* Run finished.")
        found.append(("finish",))

    module = ModuleType("trackio")
    module.init, module.finish = init, finish
    monkeypatch.setitem(sys.modules, "trackio", module)
    for name in ("TRACKIO_PROJECT", "TRACKIO_SPACE_ID"):
        monkeypatch.delenv(name, raising=False)
    return found


def test_a_training_is_a_run_and_trackio_s_own_lines_stay_away(tmp_path, calls, capsys):
    logger = TrackioLogger(LoggedTraining("exp01", tmp_path, {"lr": 0.1}, None, 0))
    logger.log({"train/loss": 1.5}, step=3)
    logger.close(finished=True)
    assert logger.log_id.startswith("exp01-")
    assert calls == [
        ("init", "yolozu", logger.log_id, {"lr": 0.1}, "never", None),
        ("log", {"train/loss": 1.5}, 3),
        ("finish",),
    ]
    assert capsys.readouterr() == ("", "")


def test_a_training_that_goes_on_goes_on_with_its_run(tmp_path, calls, monkeypatch):
    monkeypatch.setenv("TRACKIO_PROJECT", "mine")
    monkeypatch.setenv("TRACKIO_SPACE_ID", "me/space")
    logger = TrackioLogger(LoggedTraining("exp01", tmp_path, {"lr": 0.1}, "exp01-abc", 3))
    assert logger.log_id == "exp01-abc"
    assert calls == [("init", "mine", "exp01-abc", {"lr": 0.1}, "allow", "me/space")]
