"""How many processor cores this process may use: decides speed, never results."""

from __future__ import annotations

import math
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping
    from concurrent.futures import Executor

    Pool = TypeVar("Pool", bound=Executor)

MEMBERSHIP, CGROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
"""Where Linux tells in which control groups a process is, and what these are granted; a container's limit is one."""

THREADS = "OMP_NUM_THREADS"
"""What OpenMP, and with it torch, reads when it is loaded; here it holds for every library that computes."""

WAIT_POLICY, SPIN, TURNS = "OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "10000"


def available_cores() -> int:
    """Cores this process may use: those that it may run on, and no more than its processor time is worth.

    Containers limit the time (`docker run --cpus 2`), and leave the process all cores to run on. Where the system does
    not tell, all cores count.
    """
    return min([_cores_to_run_on(), *(max(1, math.ceil(quota)) for quota in _quotas())])


def compute_threads() -> int:
    """Threads that an operation is computed with: a core each, unless the environment states fewer."""
    stated = os.environ.get(THREADS, "")
    return min(available_cores(), int(stated)) if stated.isdigit() and int(stated) > 0 else available_cores()


def spin_briefly(environment: MutableMapping[str, str]) -> None:
    """Let OpenMP's threads, of whoever loads it from now on, sleep soon when they wait for others.

    By default they spin, to be there at once when the others are done. Where other processes are at work they take the
    core from the very thread that they wait for: beside two of them a step of a small training took ten times as long
    as alone, and half of that this way (`benchmarks/busy_machine.py`). Sleeping sooner slows a machine at rest.

    Args:
        environment: of this process; what it says itself of spinning or of waiting stays.
    """
    if WAIT_POLICY not in environment:
        environment.setdefault(SPIN, TURNS)


def _cores_to_run_on() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    count = os.cpu_count()
    return 1 if count is None else count


def _quotas() -> Iterator[float]:
    """Cores that are granted to each control group this process is in, as times of the clock; of both versions."""
    with suppress(OSError):
        for line in MEMBERSHIP.read_text().splitlines():
            _, controllers, group = line.split(":", 2)
            if "cpu" in controllers.split(","):
                yield from _granted(CGROUPS / "cpu", group, "cpu.cfs_quota_us", "cpu.cfs_period_us")
            elif not controllers:
                yield from _granted(CGROUPS, group, "cpu.max")


def _granted(root: Path, group: str, *files: str) -> Iterator[float]:
    """Of a control group and those above it; ``files`` hold microseconds of processor, then of the clock."""
    inner = root / group.strip("/")
    for place in (inner, *inner.parents):
        with suppress(OSError):
            quota, period = " ".join((place / name).read_text() for name in files).split()
            if quota not in {"max", "-1"}:
                yield int(quota) / int(period)
        if place == root:
            return


@contextmanager
def released(pool: Pool) -> Iterator[Pool]:
    """``pool``, which is shut down behind the block; what it has not begun by then, as on Ctrl-C, is not waited for."""
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
