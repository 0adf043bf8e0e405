"""Training on two processes through the command line: killed, stopped and orphaned, with the bytes of a calm one."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fixtures.projects import ENVIRONMENT
from tests.integration.test_kill import assert_equal_runs, start
from tests.integration.test_pipeline import wait_for
from yolozu.artifacts.run_meta import timestamp
from yolozu.engine.verify_resume.kills import last_step_row

pytestmark = pytest.mark.slow

WORDS = ("config=exp.yaml", "train", "ddp=true", "nproc_per_node=2", "max_steps=9", "val_every_steps=4")
LOOK_EVERY_S = 0.02


@pytest.fixture(scope="module")
def calm(empty_project, tmp_path_factory):
    """A training on two processes that nobody disturbs."""
    project = empty_project.copy(tmp_path_factory.mktemp("several") / "project")
    done = project.doit("run_id=calm", *WORDS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "on cpu with 1 threads in each of 2 processes" in done.stderr
    assert not any(word in done.stderr for word in ("Traceback", "torch.distributed", "WARNING"))
    return project


def processes(run_id):
    """Rank -> id of the processes that train a run, and None -> that of the process that watches over them."""
    found = {}
    for place in Path("/proc").iterdir():
        try:
            words = (place / "cmdline").read_bytes().decode().split("\0") if place.name.isdigit() else []
            if f"runs/{run_id}/plan/train.json" not in words or "yolozu.engine.worker" not in words:
                continue
            variables = (place / "environ").read_bytes().decode().split("\0")
        except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            continue
        rank = [word.removeprefix("RANK=") for word in variables if word.startswith("RANK=")]
        found[int(rank[0]) if "--member-of" in words else None] = int(place.name)
    return found


def wait_for_new_row(project, run_id, building):
    """Wait until the training has taken a step from now on."""
    metrics, began = project.run_dir(run_id) / "scratch/train/out/reports/train_metrics.jsonl", timestamp()
    while (row := last_step_row(metrics)) is None or row["timestamp"] < began:
        assert building.poll() is None, building.communicate()
        time.sleep(LOOK_EVERY_S)


def wait_until_gone(run_id):
    while processes(run_id):
        time.sleep(LOOK_EVERY_S)


@pytest.mark.effect("ddp", "nproc_per_node", "max_restarts")
def test_killed_stopped_and_orphaned_processes_leave_no_trace(calm):
    """One training: a process is killed, all are asked to stop, and who watches over them is killed."""
    building = start(calm, "run_id=stormy", *WORDS)
    wait_for(calm.run_dir("stormy") / "scratch/train/out/checkpoints/last.pt")
    before = processes("stormy")
    os.kill(before[1], signal.SIGKILL)
    wait_for_new_row(calm, "stormy", building)
    building.terminate()
    told = building.communicate()[1].decode()
    assert (building.returncode, told.count("YZ505 stopped on request; everything is saved")) == (75, 1), told
    assert "stormy: train: process 1 was killed by SIGKILL; starting all again from what was saved (1 of 3)\n" in told
    assert "going on from optimizer step 3\n" in told
    assert "Traceback" not in told

    building = start(calm, "run_id=stormy", *WORDS)
    wait_for_new_row(calm, "stormy", building)
    os.kill(processes("stormy")[None], signal.SIGKILL)
    told = building.communicate()[1].decode()
    assert (building.returncode, "was killed by SIGKILL" in told) == (75, True), told
    wait_until_gone("stormy")
    done = calm.doit("run_id=stormy", *WORDS)
    assert done.returncode == 0, done.stderr
    assert_equal_runs(calm.run_dir("stormy"), calm.run_dir("calm"))


def test_another_number_of_processes_makes_nothing_stale(calm):
    built = calm.doit("run_id=calm", "train", "nproc_per_node=1", "max_restarts=0")
    assert built.returncode == 0, built.stderr
    assert not [line for line in built.stdout.splitlines() if "done in" in line]


def free_endpoint():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@contextmanager
def two_nodes(project, run_id, endpoint):
    """A training on two nodes of one process each, both on this machine: a build, and the worker of the other node."""
    words = [word for word in WORDS if not word.startswith("nproc")]
    with start(project, f"run_id={run_id}", *words, "nnodes=2", f"rdzv_endpoint={endpoint}") as building:
        request = Path(f"runs/{run_id}/plan/train.json")
        wait_for(project.root / request)
        command = [sys.executable, "-m", "yolozu.engine.worker", str(request)]
        with subprocess.Popen(command, cwd=project.root, env=ENVIRONMENT, stderr=subprocess.PIPE) as other:
            try:
                yield building, other
            finally:
                for process in (building, other):
                    process.kill()


def ended(process):
    """(exit code, what it has said) once it has ended."""
    told = process.communicate(timeout=120)[1].decode()
    return process.returncode, told


def kill_node(watching):
    """Let a node vanish: who watches there, and the process that trains."""
    training = (Path("/proc") / str(watching.pid) / "task" / str(watching.pid) / "children").read_text()
    for process in [str(watching.pid), *training.split()]:
        os.kill(int(process), signal.SIGKILL)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc tells which processes to kill")
@pytest.mark.effect("nnodes", "rdzv_endpoint")
def test_two_nodes_of_which_one_is_lost_train_as_two_processes_of_one(calm):
    """The node that is left ends within half a minute, and the same command goes on, with the bytes of one node."""
    endpoint = free_endpoint()
    with two_nodes(calm, "nodes", endpoint) as (building, other):
        wait_for(calm.run_dir("nodes") / "scratch/train/out/checkpoints/last.pt")
        kill_node(other)
        code, told = ended(building)
        assert (code, "YZ362" in told, "is gone" in told, "Traceback" in told) == (75, True, True, False), told
    with two_nodes(calm, "nodes", endpoint) as nodes:
        codes, told = zip(*(ended(node) for node in nodes), strict=True)
    assert codes == (0, 0), told
    assert "going on from optimizer step" in "".join(told)
    assert not any(word in "".join(told) for word in ("Traceback", "torch.distributed", "TCPStore"))
    assert_equal_runs(calm.run_dir("nodes"), calm.run_dir("calm"))
