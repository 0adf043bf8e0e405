"""Training on two processes through the command line: killed, stopped and orphaned, with the bytes of a calm one."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.integration.test_kill import assert_equal_runs, start
from tests.integration.test_pipeline import wait_for

pytestmark = pytest.mark.slow

WORDS = ("config=exp.yaml", "train", "ddp=true", "nproc_per_node=2", "max_steps=6", "val_every_steps=4")
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


def num_rows(project, run_id):
    metrics = project.run_dir(run_id) / "scratch/train/out/reports/train_metrics.jsonl"
    return metrics.read_text().count("\n") if metrics.exists() else 0


def wait_for_rows(project, run_id, building, count):
    """Wait until the training's metrics have ``count`` rows."""
    while num_rows(project, run_id) < count:
        assert building.poll() is None, building.communicate()
        time.sleep(LOOK_EVERY_S)


def wait_until_gone(run_id):
    while processes(run_id):
        time.sleep(LOOK_EVERY_S)


@pytest.mark.effect("ddp", "nproc_per_node")
def test_a_killed_process_lets_all_go_on_from_what_was_saved(calm):
    building = start(calm, "run_id=killed", *WORDS)
    wait_for(calm.run_dir("killed") / "scratch/train/out/checkpoints/last.pt")
    os.kill(processes("killed")[1], signal.SIGKILL)
    told = building.communicate()[1].decode()
    assert building.returncode == 0, told
    assert "killed: train: process 1 was killed by SIGKILL; starting all again from what was saved (1 of 3)\n" in told
    assert "going on from optimizer step 3\n" in told
    assert "Traceback" not in told
    assert_equal_runs(calm.run_dir("killed"), calm.run_dir("calm"))


def test_stopped_and_orphaned_processes_save_and_the_next_build_goes_on(calm):
    building = start(calm, "run_id=stopped", *WORDS)
    wait_for_rows(calm, "stopped", building, 2)
    building.terminate()
    told = building.communicate()[1].decode()
    assert (building.returncode, "YZ505 stopped on request; everything is saved" in told) == (75, True), told
    assert told.count("YZ505") == 1
    building = start(calm, "run_id=stopped", *WORDS)
    wait_for_rows(calm, "stopped", building, num_rows(calm, "stopped") + 1)
    os.kill(processes("stopped")[None], signal.SIGKILL)
    told = building.communicate()[1].decode()
    assert (building.returncode, "was killed by SIGKILL" in told) == (75, True), told
    wait_until_gone("stopped")
    done = calm.doit("run_id=stopped", *WORDS)
    assert done.returncode == 0, done.stderr
    assert_equal_runs(calm.run_dir("stopped"), calm.run_dir("calm"))


def test_another_number_of_processes_makes_nothing_stale(calm):
    built = calm.doit("run_id=calm", "train", "nproc_per_node=1", "max_restarts=0")
    assert built.returncode == 0, built.stderr
    assert not [line for line in built.stdout.splitlines() if "done in" in line]
