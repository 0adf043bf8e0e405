"""Too little memory, as a cgroup's killer and as an allocation that fails; too few open files, no more processes."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.fault_injection.trial import Trial

CGROUPS = Path("/sys/fs/cgroup/memory")
MIB = 1 << 20


def killed_for_memory(trial: Trial) -> str:
    """Let the command and its workers share less memory than they need; the kernel kills one. Needs root."""
    limit = trial.chance.randrange(60, 420) * MIB
    group = CGROUPS / f"yolozu-{os.getpid()}-{trial.where.name}"
    group.mkdir()
    (group / "memory.limit_in_bytes").write_text(str(limit))

    trial.prefix = ["bash", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "limited"]
    try:
        ended = trial.build()
    finally:
        trial.prefix = []
        trial.left_over()
        group.rmdir()
    return f"{limit // MIB} MiB for {trial.stage}: exit {ended.code}"


def limited(trial: Trial, flag: str, least: int, most: int) -> str:
    """Set a limit of the command and its workers lower than usual, by the flag of `ulimit`."""
    limit = trial.chance.randrange(least, most)
    trial.prefix = ["bash", "-c", f'ulimit {flag} {limit} && exec "$@"', "limited"]
    ended = trial.build()
    trial.prefix = []
    return f"{limit} for {trial.stage}: exit {ended.code}"


FAULTS: dict[str, Callable[[Trial], str]] = {
    "killed for memory": killed_for_memory,
    "address space": partial(limited, flag="-v", least=300 << 10, most=3000 << 10),
    "open files": partial(limited, flag="-n", least=8, most=64),
    "size of a file": partial(limited, flag="-f", least=1, most=2048),
}
