"""Workers as processes of this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from yolozu.engine.failure import record_failure, stopped
from yolozu.engine.launchers.base import worker_environment
from yolozu.errors import EXIT_INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from yolozu.contract.sections.operations import OperationsSection
    from yolozu.engine.launchers.base import WorkerJob
    from yolozu.engine.stopping import StopBuild
    from yolozu.errors import Finding


class LocalLauncher:
    """Runs a worker as a child of this process.

    It is in a session of its own, so that a Ctrl-C reaches it once, through `StopBuild`, and not twice.
    """

    def missing(self, operations: OperationsSection) -> list[Finding]:  # noqa: ARG002 - a launcher's signature
        """Nothing: whoever builds can start a process."""
        return []

    def run(self, job: WorkerJob, *, stopping: StopBuild, say: Callable[[str], None] | None) -> int:
        """Run the worker to its end; its exit code, 75 when a signal killed it."""
        out, errors = (None, None) if say is None else (subprocess.PIPE, subprocess.STDOUT)
        worker = subprocess.Popen(
            job.command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=errors,
            start_new_session=True,
            env=worker_environment(os.environ),
        )
        with stopping.forwarding_to(worker):
            if say is not None:
                assert worker.stdout is not None
                with worker.stdout:
                    for line in worker.stdout:
                        say(line.decode(errors="replace").rstrip("\r\n"))
            code = worker.wait()
        return code if code >= 0 else _killed(job, signal.Signals(-code), stopping=stopping, say=say)


def _killed(job: WorkerJob, by: signal.Signals, *, stopping: StopBuild, say: Callable[[str], None] | None) -> int:
    """Record and tell of a worker that could do neither."""
    layout, stage = job.layout, job.stage
    text = (
        f"{layout.run_id}: {stage}: YZ304 its worker was killed by {by.name}\n"
        f"  fix: run the same command again; it goes on from what was saved"
    )
    if stopping.count:  # it was starting, or heard nothing
        text = str(stopped(layout, stage, "at once"))
    try:
        record_failure(layout, stage, kind="Interrupted", text=text)
    except OSError as error:  # no room for it, say
        text = f"{text}\nnot recorded: {error}"
    if say is None:
        print(text, file=sys.stderr)
    else:
        say(text)
    return EXIT_INTERRUPTED


LAUNCHER = LocalLauncher()
