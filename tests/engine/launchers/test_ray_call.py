import json
import signal
import socket
import sys

import pytest

from tests.engine.launchers.fake_ray import FakeRay
from yolozu.contract.sections.operations import OperationsSection
from yolozu.engine.launchers import ray_call, ray_worker
from yolozu.engine.launchers.base import WorkerJob, worker_environment
from yolozu.engine.launchers.job_voice import JobVoice
from yolozu.engine.launchers.ray_call import RayCall, asked_of, options
from yolozu.engine.launchers.ray_worker import run_worker
from yolozu.errors import YolozuError
from yolozu.paths import RunLayout


class PlayedJob(WorkerJob):
    """A job whose worker is a program of our own."""

    code = ""

    @property
    def command(self):
        return [sys.executable, "-c", self.code]


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    for module, name in ((ray_call, "LOOK_EVERY_S"), (ray_worker, "LOOK_EVERY_S")):
        monkeypatch.setattr(module, name, 0.02)


@pytest.fixture
def call(tmp_path, monkeypatch):
    """A call of a program; what it tells is in its ``told``."""
    monkeypatch.chdir(tmp_path)

    def make(code, ray=None, **keys):
        told = []
        monkeypatch.setattr(PlayedJob, "code", code)
        job = PlayedJob(RunLayout.of("a"), "train", OperationsSection(executor="ray", **keys))
        voice = JobVoice(job, told.append)
        made = RayCall(ray or FakeRay(), job, voice)
        made.told = told
        return made

    return make


def error_of(call):
    with pytest.raises(YolozuError) as caught:
        call.follow()
    return caught.value


def test_plain_words_are_all_that_travels(call, tmp_path):
    ray = FakeRay(free=False)
    call("pass", ray)
    ((function, (order,), options),) = ray.calls
    assert function is run_worker
    job = tmp_path / "runs/a/scratch/train.job"
    assert json.loads(order) == {
        "command": [sys.executable, "-c", "pass"],
        "directory": str(tmp_path),
        "environment": {"YOLOZU_EXECUTOR": "ray", "YOLOZU_JOB": "01000000"},
        "defaults": worker_environment({}),
        "log": str(job / "log"),
        "requests": str(job / "requests"),
        "tries": str(job / "tries"),
    }
    assert options == {"num_cpus": 1, "num_gpus": 0, "max_retries": 3, "retry_exceptions": [ChildProcessError]}


@pytest.mark.effect("cpus", "gpus", "memory")
def test_keys_say_what_a_machine_must_have_free():
    asked = OperationsSection(executor="ray", cpus=4, gpus=2, memory="3G", max_restarts=0)
    assert asked_of(asked) == "cpus: 4, gpus: 2, memory: 3G"
    assert options(asked) == {
        "num_cpus": 4,
        "num_gpus": 2,
        "memory": 3 * 1024**3,
        "max_retries": 0,
        "retry_exceptions": [ChildProcessError],
    }


@pytest.mark.parametrize("code", [0, 1, 2, 70, 75])
def test_lines_come_back_and_the_exit_code_without_a_further_try(call, code, tmp_path):
    made = call(f"import sys; print('one'); sys.stdout.write('two'); sys.stdout.flush(); sys.exit({code})")
    assert made.follow() == code
    assert sorted(made.told) == ["one", f"train: runs on {socket.gethostname()}", "two"]
    assert not (tmp_path / "runs/a/scratch/train.job").exists()


KILLED_ONCE = (
    "import os, pathlib\n"
    "if not pathlib.Path('tried').exists():\n"
    "    pathlib.Path('tried').touch()\n"
    "    os.kill(os.getpid(), 9)\n"
    "print('done')\n"
)


@pytest.mark.effect("max_restarts")
def test_a_killed_worker_begins_again(call, monkeypatch):
    monkeypatch.setattr(ray_worker.socket, "gethostname", lambda: "n2")
    made = call(KILLED_ONCE)
    assert made.follow() == 0
    again = "train: begins again on n2, try 2: what ran it before was lost"
    assert set(made.told) == {"train: runs on n2", again, "done"}


def test_a_worker_that_is_killed_again_and_again_was_interrupted(call, monkeypatch):
    monkeypatch.setattr(ray_worker.socket, "gethostname", lambda: "n1")
    error = error_of(call("import os; os.kill(os.getpid(), 9)", max_restarts=1))
    assert error.exit_code == 75
    assert str(error) == (
        "a: train: YZ304 its worker was killed by SIGKILL on n1, and max_restarts: 1 allows no further try\n"
        "  fix: run the same command again; it goes on from what was saved"
    )


def test_machines_that_are_lost_again_and_again_are_an_interruption(call):
    error = error_of(call("pass", FakeRay(lost=2), max_restarts=1))
    assert error.exit_code == 75
    assert str(error) == (
        "a: train: YZ354 Ray has lost it: The node died., and max_restarts: 1 allows no further try\n"
        "  fix: run the same command again; it goes on from what was saved"
    )


def test_a_machine_that_cannot_start_it_is_a_finding(call, tmp_path, monkeypatch):
    monkeypatch.setattr(PlayedJob, "command", ["/no/python"])
    error = error_of(call(""))
    assert error.exit_code == 2
    assert str(error) == (
        "a: train: YZ355 its worker could not be started on a machine of Ray's: "
        "[Errno 2] No such file or directory: '/no/python'\n"
        f"  fix: every machine needs {tmp_path}, and the same Python with yolozu, under the same path"
    )


@pytest.mark.parametrize(("times", "code"), [(1, 75), (3, -signal.SIGKILL)])
def test_a_request_to_stop_reaches_the_worker_and_a_third_one_kills(call, times, code):
    ends = "sys.exit(75)" if times == 1 else "None"
    made = call(
        "import signal, sys, time\n"
        f"signal.signal(signal.SIGTERM, lambda *_: {ends})\n"
        "print('ready', flush=True)\n"
        "for _ in range(3000): time.sleep(0.01)\n"
    )

    def ask(line):
        if line != "ready":  # where it runs
            return
        made.told.append(line)
        for _ in range(min(times, 2)):
            made.send_signal(signal.SIGTERM)
        if times > 2:
            made.kill()

    made._voice._say = ask
    assert made.follow() == code
    assert made.told == ["ready"]


def test_what_waits_for_a_machine_is_told_once_and_withdrawn_on_request(call, monkeypatch):
    monkeypatch.setattr(ray_call, "WAIT_IS_TOLD_S", 0.0)
    ray = FakeRay(free=False)
    made = call("pass", ray)

    def ask(line):
        made.told.append(line)
        made.send_signal(signal.SIGTERM)

    made._voice._say = ask
    assert made.follow() == -signal.SIGTERM
    assert made.told == ["train: waits for Ray to have a free machine (cpus: 1)"]
    assert ray.canceled == [False]


def test_a_machine_that_does_not_answer_holds_up_nobody(call, monkeypatch):
    monkeypatch.setattr(ray_call, "KILL_WITHIN_S", 0.0)
    ray = FakeRay(free=False)
    made = call("pass", ray)
    made._files.tries_path.write_text("n1\n")
    made.kill()
    assert made.follow() == -signal.SIGKILL
    assert ray.canceled == [True]
