"""What a launcher does: run the worker of one stage, wherever, to its end."""

from __future__ import annotations

import socket
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from yolozu.paths import digest_cache_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from yolozu.contract.sections.operations import OperationsSection
    from yolozu.engine.launchers.standing import JobStanding
    from yolozu.engine.stopping import StopBuild
    from yolozu.errors import Finding
    from yolozu.paths import RunLayout

COMPILED = "TORCHINDUCTOR_CACHE_DIR"
"""Variable that says where torch keeps what it compiles; without it, torch makes a directory for temporary files."""

COMPILED_DIR = digest_cache_path().with_name("torch")

MALLOC = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}
"""Settings of glibc's malloc (mallopt(3)): large blocks come from the heap too, and the heap is never given back.

A training step frees and asks for the same hundreds of MB again; by default each time means new pages, which the system
clears one by one. Other C libraries ignore the settings.
"""


EXECUTOR, JOB = "YOLOZU_EXECUTOR", "YOLOZU_JOB"
"""Variables by which a launcher tells a worker which it is, and the job's name there."""


@dataclass(frozen=True)
class WorkerJob:
    """A stage that is to be run: all that a launcher carries to where it runs.

    Attributes:
        layout: of the run; a relative directory is below the working directory, wherever the worker runs.
        stage: its name; its request and the operations lie in the run's ``plan``.
        operations: how machines are used, as the contract says.
        options: further words of the worker's command line.
        environment: variables of the worker on this machine, such as which device is its own.
    """

    layout: RunLayout
    stage: str
    operations: OperationsSection
    options: Sequence[str] = field(default=())
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def command(self) -> list[str]:
        """Words of the worker's command line."""
        return [sys.executable, "-m", "yolozu.engine.worker", str(self.layout.request_path(self.stage)), *self.options]


class Launcher(Protocol):
    """A place where workers run; stateless, one for all builds of this process."""

    def missing(self, operations: OperationsSection) -> list[Finding]:
        """What it needs and does not find, and what keys ask of it that it cannot do; asked before anything runs."""
        ...

    def run(self, job: WorkerJob, *, stopping: StopBuild, say: Callable[[str], None] | None) -> int:
        """Run the worker to its end; its exit code (75 where it was lost, which is recorded as its failure).

        Requests to stop reach it through ``stopping``. What it says goes to the terminal, or line by line to ``say``.
        """
        ...

    def standing(self, layout: RunLayout, stage: str) -> JobStanding | None:
        """The job that runs a stage, or will, as far as can be told from here; None where there is none.

        Raises:
            InputError: YZ351, the record of the job cannot be read.
        """
        ...


def worker_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """``environment`` for a worker; what it says itself of torch's cache and of malloc stays."""
    return {COMPILED: str(COMPILED_DIR.absolute()), **MALLOC, **environment}


def ran_on(environment: Mapping[str, str]) -> dict[str, str]:
    """Where this worker runs, as its receipt says: ``host``, ``executor``, and ``job`` where it is one elsewhere."""
    found = {"host": socket.gethostname(), "executor": environment.get(EXECUTOR, "local")}
    return found | ({"job": environment[JOB]} if JOB in environment else {})
