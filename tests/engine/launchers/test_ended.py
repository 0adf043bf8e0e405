import json
import signal

from yolozu.contract.sections.operations import OperationsSection
from yolozu.engine.launchers.base import WorkerJob
from yolozu.engine.launchers.ended import ended, killed
from yolozu.engine.stopping import StopBuild
from yolozu.errors import InputError
from yolozu.paths import RunLayout


def job_in(directory):
    return WorkerJob(RunLayout(directory / "a"), "train", OperationsSection())


def test_an_end_is_recorded_and_told_and_has_its_exit_code(tmp_path):
    said = []
    error = InputError.one("YZ355", where="a: train", problem="p", fix="f")
    assert ended(job_in(tmp_path), error, said.append) == 2
    assert said == ["a: train: YZ355 p\n  fix: f"]
    found = json.loads((tmp_path / "a/receipts/train.failed.json").read_text())
    assert (found["kind"], found["text"]) == ("InputError", said[0])


def test_a_killed_worker_was_stopped_where_a_stop_was_asked_for(tmp_path):
    said, stopping = [], StopBuild()
    assert killed(job_in(tmp_path), signal.SIGKILL, stopping=stopping, say=said.append) == 75
    stopping.count = 1
    assert killed(job_in(tmp_path), signal.SIGTERM, stopping=stopping, say=said.append) == 75
    assert [line.partition("\n")[0] for line in said] == [
        "a: train: YZ304 its worker was killed by SIGKILL",
        "a: train: YZ311 stopped on request, at once",
    ]
