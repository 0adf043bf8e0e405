"""Workers on the machines of a Ray cluster."""

from __future__ import annotations

import signal
from importlib.util import find_spec
from typing import TYPE_CHECKING

from yolozu.engine.launchers.ended import ended, killed
from yolozu.engine.launchers.job_files import JobFiles
from yolozu.engine.launchers.job_voice import JobVoice
from yolozu.engine.launchers.ray_connection import CONNECTION
from yolozu.engine.launchers.standing import JobStanding
from yolozu.engine.lock import is_held
from yolozu.errors import Finding, YolozuError

if TYPE_CHECKING:
    from collections.abc import Callable

    from yolozu.contract.sections.operations import OperationsSection
    from yolozu.engine.launchers.base import WorkerJob
    from yolozu.engine.stopping import StopBuild
    from yolozu.paths import RunLayout


class RayLauncher:
    """Runs a worker by one remote call, which starts it as a process on whichever machine Ray chooses.

    The disk with the run and the working directory is the same on all machines, under the same path. A machine that is
    lost is Ray's to notice: it calls again on another one, where the new worker goes on from what was saved.
    """

    def missing(self, operations: OperationsSection) -> list[Finding]:  # noqa: ARG002 - a launcher's signature
        """The package, where it is not installed."""
        if find_spec("ray") is not None:
            return []
        return [
            Finding(
                "YZ356",
                where="executor: ray",
                problem="needs the package ray, which is not installed",
                fix="pip install 'yolozu[ray]', or build here: executor=local",
            )
        ]

    def standing(self, layout: RunLayout, stage: str) -> JobStanding | None:
        """The call whose builder lives: it ends with that builder."""
        files = JobFiles(layout.job_dir(stage))
        if not files.tries_path.is_file() or not _is_being_built(layout):
            return None
        node = next(reversed(files.tries()), "")
        return JobStanding(stage, "ray", "", "runs" if node else "waits", node)

    def run(self, job: WorkerJob, *, stopping: StopBuild, say: Callable[[str], None] | None) -> int:
        """Run the worker to its end; its exit code, 75 when it was killed or lost again and again."""
        from yolozu.engine.launchers.ray_call import RayCall

        try:
            call = RayCall(CONNECTION.ray(job.operations.ray_address), job, JobVoice(job, say))
            with stopping.forwarding_to(call):
                code = call.follow()
        except YolozuError as error:
            return ended(job, error, say)
        return code if code >= 0 else killed(job, signal.Signals(-code), stopping=stopping, say=say)


def _is_being_built(layout: RunLayout) -> bool:
    try:
        return is_held(layout.lock_path)
    except OSError:  # nobody can tell; what a call has left says that it is there
        return True


LAUNCHER = RayLauncher()
