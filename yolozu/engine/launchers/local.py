"""Workers as processes of this machine."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

from yolozu.engine.launchers.base import worker_environment
from yolozu.engine.launchers.ended import killed
from yolozu.engine.stopping import interrupts_wait

if TYPE_CHECKING:
    from collections.abc import Callable

    from yolozu.contract.sections.operations import OperationsSection
    from yolozu.engine.launchers.base import WorkerJob
    from yolozu.engine.launchers.standing import JobStanding
    from yolozu.engine.stopping import StopBuild
    from yolozu.errors import Finding
    from yolozu.paths import RunLayout


class LocalLauncher:
    """Runs a worker as a child of this process.

    It is in a session of its own, so that a Ctrl-C reaches it once, through `StopBuild`, and not twice.
    """

    def missing(self, operations: OperationsSection) -> list[Finding]:  # noqa: ARG002 - a launcher's signature
        """Nothing: whoever builds can start a process."""
        return []

    def standing(self, layout: RunLayout, stage: str) -> JobStanding | None:  # noqa: ARG002 - a launcher's signature
        """None: a process of this machine is no job."""
        return None

    def run(self, job: WorkerJob, *, stopping: StopBuild, say: Callable[[str], None] | None) -> int:
        """Run the worker to its end; its exit code, 75 when a signal killed it."""
        out, errors = (None, None) if say is None else (subprocess.PIPE, subprocess.STDOUT)
        with interrupts_wait():
            worker = subprocess.Popen(
                job.command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                start_new_session=True,
                env=worker_environment({**os.environ, **job.environment}),
            )
        with stopping.forwarding_to(worker):
            if say is not None:
                assert worker.stdout is not None
                with worker.stdout:
                    for line in worker.stdout:
                        say(line.decode(errors="replace").rstrip("\r\n"))
            code = worker.wait()
        return code if code >= 0 else killed(job, signal.Signals(-code), stopping=stopping, say=say)


LAUNCHER = LocalLauncher()
