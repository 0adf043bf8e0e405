"""The script of a Slurm job: the worker of one stage, and what it asks of the cluster."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.engine.launchers.base import EXECUTOR, JOB, worker_environment
from yolozu.engine.requests import read_request, runs_as_several
from yolozu.engine.scratch import Scratch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yolozu.engine.launchers.base import WorkerJob

WARN_S = 60
"""How long before its time limit a worker is asked to save and stop."""

KEYS = {
    "partition": "partition",
    "account": "account",
    "time_limit": "time",
    "gpus": "gpus-per-node",
    "cpus": "cpus-per-task",
    "memory": "mem",
}
"""Key of the contract -> option of sbatch."""


def job_script(job: WorkerJob, environment: Mapping[str, str]) -> str:
    """A script for ``sbatch``.

    The worker takes the place of the shell: a shell in between would get the signal that asks to stop, and not the
    worker. A job that lost its node, or was preempted, waits in the queue again, and goes on from what was saved.

    Args:
        job: the stage; relative paths are below the working directory, which the nodes have, too.
        environment: of the builder, whose words on the worker's settings stay.
    """
    options = [f"#SBATCH --{option}" for option in _options(job)]
    settings = {name: worker_environment(environment)[name] for name in worker_environment({})}
    exports = [f"export {name}={shlex.quote(value)}" for name, value in settings.items()]
    return "\n".join(
        [
            "#!/bin/sh",
            *options,
            f"cd {shlex.quote(str(Path.cwd()))} || exit 2",
            f'export {EXECUTOR}=slurm {JOB}="$SLURM_JOB_ID"',
            *exports,
            f"exec {shlex.join([*_on_all_nodes(job), *job.command])}",
            "",
        ]
    )


def _options(job: WorkerJob) -> Iterator[str]:
    log = str(Scratch.of(job.layout, job.stage).job_log_path.absolute()).replace("%", "%%")
    yield f"output={shlex.quote(log)}"
    yield "open-mode=append"
    yield "requeue"
    nodes = _num_nodes(job)
    yield f"signal={'B:' if nodes == 1 else ''}TERM@{WARN_S}"  # B: the shell's place, which the worker has taken
    yield f"nodes={nodes}"
    yield "ntasks-per-node=1"
    for key, option in KEYS.items():
        value = getattr(job.operations, key)
        if value is not None:
            yield f"{option}={value}"


def _num_nodes(job: WorkerJob) -> int:
    """On how many nodes the worker runs: one, or `nnodes` where they run the stage together."""
    nodes = job.operations.nnodes
    return nodes if nodes > 1 and runs_as_several(read_request(job.layout.request_path(job.stage))) else 1


def _on_all_nodes(job: WorkerJob) -> list[str]:
    """What starts the worker on every node. srun does not take the cores of a task from the job (since Slurm 22.05)."""
    if _num_nodes(job) == 1:
        return []
    cores = [] if job.operations.cpus is None else [f"--cpus-per-task={job.operations.cpus}"]
    return ["srun", "--ntasks-per-node=1", *cores]
