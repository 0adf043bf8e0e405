"""`kill -9` at random moments, then the same command again: the same bits as if nothing had happened."""

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.fixtures.projects import ENVIRONMENT
from tests.integration.test_pipeline import wait_for
from yolozu.training.metrics_log import comparable

pytestmark = pytest.mark.slow

KILLS = 5
STEPS = 24


def rows(run_dir, name):
    """Metric rows without what a clock says."""
    return [comparable(json.loads(line)) for line in (run_dir / "reports" / name).read_text().splitlines()]


def assert_equal_runs(one, other):
    for name in ("best.pt", "last.pt"):
        assert (one / "checkpoints" / name).read_bytes() == (other / "checkpoints" / name).read_bytes(), name
    for name in ("train_metrics.jsonl", "val_metrics.jsonl"):
        assert rows(one, name) == rows(other, name)


def start(project, *words):
    return subprocess.Popen(
        project.command(*words), cwd=project.root, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def living(holder):
    """Process id in a lock's holder file; None while it is that of an earlier, killed one."""
    words = holder.read_text().split() if holder.exists() else []
    return int(words[1]) if words and Path(f"/proc/{words[1]}").exists() else None


def kill_worker_after(project, run_id, building, num_rows, delay_s):
    """Kill the training worker once its metrics have ``num_rows`` rows and ``delay_s`` more have passed."""
    scratch = project.run_dir(run_id) / "scratch"
    holder, metrics = scratch / "train.lock.holder", scratch / "train/out/reports/train_metrics.jsonl"
    while (worker := living(holder)) is None:
        assert building.poll() is None, building.communicate()
        time.sleep(0.005)
    while (metrics.read_text().count("\n") if metrics.exists() else 0) < num_rows:
        assert building.poll() is None, building.communicate()
        time.sleep(0.005)
    time.sleep(delay_s)
    os.kill(worker, signal.SIGKILL)


def test_five_kills_of_the_worker_change_no_bit(finished, empty_project, tmp_path):
    project = empty_project.copy(tmp_path / "project")
    chance = random.Random(7)
    for num_rows in sorted(chance.sample(range(STEPS - 2), KILLS)):
        building = start(project, "run_id=killed", "config=exp.yaml", "train")
        kill_worker_after(project, "killed", building, num_rows, chance.uniform(0.0, 0.1))
        told = building.communicate()[1].decode()
        assert (building.returncode, "was killed by SIGKILL" in told) == (75, True), told
    assert project.build("run_id=killed", "train") == ["train"]
    assert_equal_runs(project.run_dir("killed"), finished.run_dir("done"))


def test_a_terminated_build_saves_exits_75_and_goes_on(finished, empty_project, tmp_path):
    project = empty_project.copy(tmp_path / "project")
    building = start(project, "run_id=stopped", "config=exp.yaml", "train")
    wait_for(project.run_dir("stopped") / "scratch/train/out/checkpoints/last.pt")
    building.terminate()
    told = building.communicate()[1].decode()
    assert building.returncode == 75, told
    assert not (project.run_dir("stopped") / "checkpoints/last.pt").exists()
    assert project.build("run_id=stopped", "train") == ["train"]
    assert_equal_runs(project.run_dir("stopped"), finished.run_dir("done"))


def test_a_killed_builder_leaves_a_worker_that_saves_and_stops(finished, empty_project, tmp_path):
    project = empty_project.copy(tmp_path / "project")
    building = start(project, "run_id=orphan", "config=exp.yaml", "train")
    wait_for(project.run_dir("orphan") / "scratch/train/out/checkpoints/last.pt")
    building.kill()
    building.communicate()
    assert project.build("run_id=orphan", "train") == ["train"]
    assert_equal_runs(project.run_dir("orphan"), finished.run_dir("done"))
