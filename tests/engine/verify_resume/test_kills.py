import json
import signal
import subprocess
import sys
from random import Random

import pytest

from yolozu.engine.lock import holder_pid
from yolozu.engine.verify_resume.kills import Moment, choose_moments, kill_at, last_step_row, step_durations

TRAINING = """
import json, os, sys, time
from datetime import UTC, datetime
lock, metrics, steps = sys.argv[1:]
worker = os.fork()  # the builder waits for its worker, which is in a session of its own
if worker:
    sys.exit(75 if os.waitpid(worker, 0)[1] else 0)
os.setsid()
with open(lock + ".holder", "w") as file:
    file.write(f"process {os.getpid()} on here\\n")
with open(metrics, "a") as file:
    for step in range(1, int(steps) + 1):
        time.sleep(0.05)
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        meta = {"kind": "train_step", "optim_step": step}
        file.write(json.dumps({"meta": meta, "timestamp": now}).replace(": ", ":") + "\\n")
        file.flush()
"""


def row(step, kind="train_step", second=0):
    meta = {"kind": kind, "optim_step": step}
    return (
        json.dumps({"meta": meta, "timestamp": f"2020-01-01T00:00:{second:02}.000+00:00"}, separators=(",", ":")) + "\n"
    )


@pytest.fixture
def training(tmp_path):
    """Start something that trains for so many steps; its builder, its lock and its metrics."""

    def start(steps):
        lock, metrics = tmp_path / "train.lock", tmp_path / "m.jsonl"
        command = [sys.executable, "-c", TRAINING, str(lock), str(metrics), str(steps)]
        return subprocess.Popen(command), lock, metrics

    return start


def test_a_training_is_killed_at_its_step_and_not_for_rows_of_an_earlier_one(training, tmp_path):
    (tmp_path / "m.jsonl").write_text(row(7))
    building, lock, metrics = training(20)
    assert kill_at(Moment(3, 0.0), building, lock, metrics)
    assert building.wait(10) == 75
    assert 3 <= last_step_row(metrics)["meta"]["optim_step"] < 20


def test_a_training_that_ends_before_is_not_killed(training):
    building, lock, metrics = training(2)
    assert not kill_at(Moment(3, 0.0), building, lock, metrics)
    assert building.wait(10) == 0


def test_a_worker_that_ends_in_between_is_no_mistake(training):
    building, lock, metrics = training(1)
    assert kill_at(Moment(1, 0.5), building, lock, metrics)
    assert building.wait(10) in (0, -signal.SIGKILL)


def test_the_last_step_s_row_is_found_behind_others_and_a_torn_one(tmp_path):
    path = tmp_path / "m.jsonl"
    assert last_step_row(path) is None
    path.write_text(row(1) + row(2) + row(2, "train_epoch") + '{"meta":{"kind":"train_step","opt')
    assert last_step_row(path)["meta"]["optim_step"] == 2
    path.write_text(row(1) * 2000 + row(3))
    assert last_step_row(path)["meta"]["optim_step"] == 3


def test_durations_are_those_between_the_rows_of_steps(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_text(row(1) + row(2, second=3) + row(2, "train_epoch", second=4) + row(3, second=9))
    assert step_durations(path, 3) == [3.0, 6.0]


@pytest.mark.parametrize("seed", range(20))
def test_moments_rise_inside_the_training_between_saves_and_inside_epochs(seed):
    durations = [float(step) for step in range(1, 40)]
    moments = choose_moments(2, durations, Random(seed), save_every=2, steps_per_epoch=3)
    steps = [moment.step for moment in moments]
    assert steps == sorted(set(steps))
    assert all(1 <= moment.step < 40 and 0 <= moment.delay_s < moment.step for moment in moments)
    assert any(step % 2 for step in steps)
    assert any(step % 3 for step in steps)


def test_moments_are_given_by_the_seed():
    def chosen(seed):
        return choose_moments(3, [1.0] * 39, Random(seed), save_every=5, steps_per_epoch=3)

    assert chosen(0) == chosen(0) != chosen(1)


def test_where_every_step_is_saved_or_ends_an_epoch_there_are_moments_too():
    assert len(choose_moments(3, [1.0] * 3, Random(0), save_every=1, steps_per_epoch=1)) == 3


def test_nobody_holds_a_lock_that_was_never_taken(tmp_path):
    assert holder_pid(tmp_path / "x.lock") is None
    (tmp_path / "x.lock.holder").write_text("")
    assert holder_pid(tmp_path / "x.lock") is None
