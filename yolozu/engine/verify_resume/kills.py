"""Killing a training while it trains: at a chosen optimizer step, wherever inside it chance says."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from yolozu.engine.lock import holder_pid

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence
    from pathlib import Path
    from random import Random

POLL_S = 0.003
TAIL_BYTES = 1 << 16
"""What is read of a metrics file to find its last row; a row is a few hundred bytes."""


@dataclass(frozen=True)
class Moment:
    """When to kill.

    Attributes:
        step: once the metrics have the row of this optimizer step.
        delay_s: so much later.
    """

    step: int
    delay_s: float


def choose_moments(
    count: int, durations_s: Sequence[float], chance: Random, *, save_every: int, steps_per_epoch: int
) -> list[Moment]:
    """Moments strictly inside a training, rising; each at any point between a step's row and the next step's.

    Where chance leaves the choice, at least one is between two saves and at least one inside an epoch.

    Args:
        count: how many, at most as many as there are durations.
        durations_s: seconds from the row of step 1, 2, … to that of the next; validations and saves are in between.
        chance: where the choice comes from.
        save_every: steps between saves.
        steps_per_epoch: steps between epochs' ends.
    """
    inside = range(1, len(durations_s) + 1)
    chosen: list[int] = []
    for _ in range(100):
        chosen = sorted(chance.sample(inside, count))
        if any(step % save_every for step in chosen) and any(step % steps_per_epoch for step in chosen):
            break
    return [Moment(step, chance.random() * durations_s[step - 1]) for step in chosen]


def kill_at(moment: Moment, building: subprocess.Popen[bytes], lock: Path, metrics: Path) -> bool:
    """Kill the worker that holds ``lock`` at a moment of its training; False when the build has ended before.

    Args:
        moment: when.
        building: the process whose worker it is.
        lock: of the worker's stage; nobody must have held it since the last worker's end.
        metrics: where the worker writes a row for every optimizer step.
    """
    started = datetime.now(UTC).isoformat(timespec="milliseconds")
    while building.poll() is None:
        worker = holder_pid(lock)
        row = last_step_row(metrics) if worker is not None else None
        # Rows that an earlier, killed worker has left are cut off only when the new one has read its checkpoint.
        if worker is not None and row is not None and row["timestamp"] >= started and _step(row) >= moment.step:
            time.sleep(moment.delay_s)
            with suppress(ProcessLookupError):
                os.killpg(os.getpgid(worker), signal.SIGKILL)
            return True
        time.sleep(POLL_S)
    return False


def last_step_row(metrics: Path) -> dict[str, Any] | None:
    """The last whole row of an optimizer step in a metrics file; None where there is none."""
    try:
        with metrics.open("rb") as file:
            file.seek(max(0, metrics.stat().st_size - TAIL_BYTES))
            lines = file.read().split(b"\n")[:-1]
    except FileNotFoundError:
        return None
    for line in reversed(lines):
        if b'"train_step"' in line and line.startswith(b"{"):
            row: dict[str, Any] = json.loads(line)
            return row
    return None


def step_durations(metrics: Path, steps: int) -> list[float]:
    """Seconds from each optimizer step's row to the next one's, in a training of ``steps`` with a row for each."""
    times: dict[int, datetime] = {}
    for line in metrics.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["meta"]["kind"] == "train_step":
            times[_step(row)] = datetime.fromisoformat(row["timestamp"])
    return [(times[step + 1] - times[step]).total_seconds() for step in range(1, steps)]


def _step(row: dict[str, Any]) -> int:
    return int(row["meta"]["optim_step"])
