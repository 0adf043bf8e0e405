import socket
import subprocess
import sys

import pytest

from yolozu.contract.sections.operations import OperationsSection
from yolozu.engine.launchers.base import COMPILED, WorkerJob, ran_on, worker_environment
from yolozu.paths import RunLayout


def test_a_job_is_a_command_line(tmp_path):
    job = WorkerJob(RunLayout(tmp_path / "a"), "train", OperationsSection(), ["--events"])
    request = str(tmp_path / "a/plan/train.json")
    assert job.command == [sys.executable, "-m", "yolozu.engine.worker", request, "--events"]


def test_the_environment_is_kept_and_has_the_last_word(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert worker_environment({"HOME": "/root", "MALLOC_MMAP_MAX_": "9"}) == {
        "HOME": "/root",
        "MALLOC_MMAP_MAX_": "9",
        "MALLOC_TRIM_THRESHOLD_": "1099511627776",
        COMPILED: str(tmp_path / "runs/.cache/torch"),
    }


@pytest.mark.skipif(sys.platform != "linux", reason="settings of glibc")
def test_a_freed_block_is_not_given_back():
    code = (
        "import resource\n"
        "for _ in range(3): bytes(64 << 20)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "for _ in range(5): bytes(64 << 20)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)\n"
    )
    run = [sys.executable, "-c", code]
    kept = int(subprocess.run(run, env=worker_environment({}), capture_output=True, text=True, check=True).stdout)
    assert kept < 1000


def test_a_worker_says_where_it_ran():
    host = socket.gethostname()
    assert ran_on({}) == {"host": host, "executor": "local"}
    assert ran_on({"YOLOZU_EXECUTOR": "slurm", "YOLOZU_JOB": "17"}) == {"host": host, "executor": "slurm", "job": "17"}
