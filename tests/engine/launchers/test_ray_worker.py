import json
import signal
import socket
import sys
import threading
import time

import pytest

from yolozu.engine.launchers import ray_worker
from yolozu.engine.launchers.job_files import JobFiles
from yolozu.engine.launchers.ray_worker import run_worker


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setattr(ray_worker, "LOOK_EVERY_S", 0.02)
    files = JobFiles(tmp_path / "job")
    files.make()
    return files


def order(files, code, **changes):
    told = {
        "command": [sys.executable, "-c", code],
        "directory": str(files.directory),
        "environment": {},
        "defaults": {},
        "log": str(files.log_path),
        "requests": str(files.requests_path),
        "tries": str(files.tries_path),
    }
    return json.dumps(told | changes)


def test_a_worker_runs_in_its_directory_and_what_it_prints_is_appended(files, monkeypatch):
    monkeypatch.setenv("HERE", "of this machine")
    code = "import os, sys; print(os.getcwd(), os.environ['HERE'], os.environ['JOB'], flush=True); sys.exit('no')"
    files.log_path.write_text("earlier\n")
    assert run_worker(order(files, code, environment={"JOB": "7"}, defaults={"HERE": "default", "JOB": "0"})) == 1
    assert files.log_path.read_text() == f"earlier\n{files.directory} of this machine 7\nno\n"
    assert files.tries() == [socket.gethostname()]


def test_a_worker_that_is_killed_unasked_may_be_tried_again(files):
    with pytest.raises(ChildProcessError, match=f"^killed by SIGKILL on {socket.gethostname()}$"):
        run_worker(order(files, "import os; os.kill(os.getpid(), 9)"))


LISTENS = (
    "import signal, sys, time\n"
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(75))\n"
    "print('ready', flush=True)\n"
    "time.sleep(30)\n"
)


def ask(files, name):
    while "ready" not in files.log_path.read_text():
        time.sleep(0.01)
    files.request(name)


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 75), ("SIGKILL", -signal.SIGKILL)])
def test_a_signal_that_is_asked_for_reaches_the_worker(files, name, code):
    asks = threading.Thread(target=ask, args=(files, name))
    asks.start()
    assert run_worker(order(files, LISTENS)) == code
    asks.join()


def test_a_worker_that_was_asked_to_stop_before_it_began_does_not_begin(files):
    files.request("SIGTERM")
    assert run_worker(order(files, "print('begun')")) == -signal.SIGTERM
    assert files.log_path.read_text() == ""


def test_a_canceled_call_lets_its_worker_save(files, monkeypatch):
    def cancel(worker, requests):
        while "ready" not in files.log_path.read_text():
            time.sleep(0.01)
        raise KeyboardInterrupt

    monkeypatch.setattr(ray_worker, "_pass_on", cancel)
    saves = LISTENS.replace("sys.exit(75)", "sys.exit('saved')")
    with pytest.raises(KeyboardInterrupt):
        run_worker(order(files, saves))
    assert files.log_path.read_text() == "ready\nsaved\n"
