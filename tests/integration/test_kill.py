"""`kill -9` at random moments, then the same command again: the same bits as if nothing had happened."""

import json
import os
import random
import signal
import subprocess
import time

import pytest
import torch

from tests.projects import ENVIRONMENT
from tests.integration.test_pipeline import wait_for

pytestmark = pytest.mark.slow

KILLS = 5
TIMES = {"timestamp"}
TIMINGS = {"data_time_s", "step_time_s", "images_per_s", "memory", "memory_mb", "seconds"}


def weights(run_dir, name):
    state = torch.load(run_dir / "checkpoints" / name, weights_only=True)
    return {key: state[key] for key in ("weights", "ema")}


def rows(run_dir, name):
    """Metric rows without what a clock says."""
    found = [json.loads(line) for line in (run_dir / "reports" / name).read_text().splitlines()]
    for row in found:
        row.pop("timestamp")
        row["metrics"] = {key: value for key, value in row["metrics"].items() if key not in TIMINGS}
        row["meta"] = {key: value for key, value in row["meta"].items() if key not in TIMINGS}
    return found


def assert_equal_runs(one, other):
    for name in ("best.pt", "last.pt"):
        first, second = weights(one, name), weights(other, name)
        for part in first:
            assert first[part].keys() == second[part].keys()
            for key, tensor in first[part].items():
                assert torch.equal(tensor, second[part][key]), f"{name}: {part}: {key}"
    for name in ("train_metrics.jsonl", "val_metrics.jsonl"):
        assert rows(one, name) == rows(other, name)


def start(project, *words):
    return subprocess.Popen(
        project.command(*words), cwd=project.root, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def worker_of(project, run_id, building):
    """Process id of the training worker, None when the build ended first."""
    holder = project.run_dir(run_id) / "scratch/train.lock.holder"
    while building.poll() is None:
        if holder.exists() and (text := holder.read_text()):
            return int(text.split()[1])
        time.sleep(0.01)
    return None


def test_five_kills_of_the_worker_change_no_bit(finished, empty_project, tmp_path):
    project = empty_project.copy(tmp_path / "project")
    moments = random.Random(7)
    for _ in range(KILLS):
        building = start(project, "run_id=killed", "config=exp.yaml", "train")
        worker = worker_of(project, "killed", building)
        if worker is not None:
            time.sleep(moments.uniform(2.0, 6.0))
            if building.poll() is None:
                os.kill(worker, signal.SIGKILL)
        told = building.communicate()[1].decode()
        if building.returncode:
            assert building.returncode == 75
            assert "was killed by SIGKILL" in told
    assert project.build("run_id=killed", "train") in (["train"], [])
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
