"""Workers that could not say themselves how they ended: their builder records and tells it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from yolozu.engine.failure import record_failure, stopped
from yolozu.errors import Interrupted

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable

    from yolozu.engine.launchers.base import WorkerJob
    from yolozu.engine.stopping import StopBuild
    from yolozu.errors import YolozuError

GOES_ON = "run the same command again; it goes on from what was saved"


def ended(job: WorkerJob, error: YolozuError, say: Callable[[str], None] | None) -> int:
    """Record and tell how a worker ended; the exit code of ``error``."""
    text = str(error)
    try:
        record_failure(job.layout, job.stage, kind=type(error).__name__, text=text)
    except OSError as refused:  # no room for it, say
        text = f"{text}\nnot recorded: {refused}"
    (say or on_standard_error)(text)
    return error.exit_code


def killed(job: WorkerJob, by: signal.Signals, *, stopping: StopBuild, say: Callable[[str], None] | None) -> int:
    """Record and tell of a worker that a signal ended: YZ304, or YZ311 where a stop was asked for; 75."""
    if stopping.count:  # it was starting, or heard nothing
        return ended(job, stopped(job.layout, job.stage, "at once"), say)
    problem = f"its worker was killed by {by.name}"
    return ended(job, Interrupted.one("YZ304", where=place_of(job), problem=problem, fix=GOES_ON), say)


def place_of(job: WorkerJob) -> str:
    """What a finding on a job names as its place: ``exp01: train``."""
    return f"{job.layout.run_id}: {job.stage}"


def on_standard_error(text: str) -> None:
    """Where workers and their builder speak when nobody listens to lines."""
    print(text, file=sys.stderr, flush=True)
