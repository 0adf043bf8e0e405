"""How a worker in a job of Slurm ended: by what Slurm says of the job, and what the worker has left."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from yolozu.engine.failure import KINDS, failure_path, read_failure, stopped
from yolozu.engine.launchers.ended import place_of
from yolozu.engine.launchers.slurm_commands import GONE, JobState
from yolozu.engine.scratch import Scratch
from yolozu.errors import (
    EXIT_BUG,
    EXIT_DONE,
    EXIT_INTERRUPTED,
    EXIT_REFUSED,
    EXIT_USAGE,
    Finding,
    InputError,
    Interrupted,
    UsageError,
    YolozuError,
)
from yolozu.planning.receipt import Receipt

if TYPE_CHECKING:
    from collections.abc import Callable

    from yolozu.engine.launchers.base import WorkerJob
    from yolozu.engine.launchers.job_record import JobRecord

SETTLE_S = 30.0
"""How long a shared disk may take to show what another machine has written."""

LOOK_EVERY_S = 0.5
OF_WORKERS = (EXIT_REFUSED, EXIT_USAGE, EXIT_BUG, EXIT_INTERRUPTED)
"""Exit codes with which a worker has said why."""

NO_LOG = 53
"""The signal that Slurm names where it could not open a job's log."""

AGAIN = "run the same command again: it goes on from what was saved"
FIXES = {
    "OUT_OF_MEMORY": "ask for more (memory: 64G, say), and run the same command again: it goes on from what was saved",
    "TIMEOUT": f"{AGAIN}; time_limit gives it more time at once",
}


def exit_code_of(job: WorkerJob, record: JobRecord, state: JobState, *, cancelled: bool) -> int:
    """Exit code of the worker of a job that is over.

    Args:
        job: the stage.
        record: which job it was.
        state: how it ended, in Slurm's words.
        cancelled: whether this build has cancelled it.

    Raises:
        Interrupted: YZ311, it was cancelled by us; YZ348, Slurm ended it.
        UsageError: YZ348, it ended before its worker could say anything.
        InputError: YZ350, nothing is there that says how it ended.
    """
    if state.exit_code in OF_WORKERS and _appears(lambda: _has_failed(job) or _has_receipt(job, record)):
        return state.exit_code or EXIT_DONE
    if state.name == "COMPLETED" and _appears(lambda: _has_receipt(job, record)):
        return EXIT_DONE
    if state.name == GONE and _appears(lambda: _has_failed(job) or _has_receipt(job, record)):
        return EXIT_DONE if _has_receipt(job, record) else _recorded_code(job)
    if state.name == "CANCELLED" and _has_failed(job):
        return _recorded_code(job)
    if cancelled:
        raise stopped(job.layout, job.stage, f"with job {record.job}")
    raise _unexplained(job, record, state)


def _unexplained(job: WorkerJob, record: JobRecord, state: JobState) -> YolozuError:
    where, log_path = place_of(job), Scratch.of(job.layout, job.stage).job_log_path
    if state.name in ("COMPLETED", GONE):
        what = "ended well" if state.name == "COMPLETED" else "is forgotten by Slurm"
        problem = f"job {record.job} {what}, but left no receipt here"
        fix = f"see that its node and this machine share the directory of the run; its log: {log_path}"
        return InputError.one("YZ350", where=where, problem=problem, fix=fix)
    finding = Finding("YZ348", where, f"job {record.job} ended: {_in_words(state)}", f"{_fix(state)}; log: {log_path}")
    began = state.name != "FAILED" or 0 < state.signal < NO_LOG
    return Interrupted([finding]) if began else UsageError([finding])


def _in_words(state: JobState) -> str:
    """``FAILED, exit code 127``."""
    parts = [state.name]
    if state.exit_code:
        parts.append(f"exit code {state.exit_code}")
    if 0 < state.signal < signal.NSIG:
        parts.append(f"signal {state.signal}")
    return ", ".join(parts)


def _fix(state: JobState) -> str:
    if state.signal == NO_LOG:
        return "its node could not open its log: it has to share the directory of the run with this machine"
    if state.name == "FAILED" and not state.signal:
        return "look for the reason above; the node needs the same Python environment at the same place"
    return FIXES.get(state.name, AGAIN)


def _has_receipt(job: WorkerJob, record: JobRecord) -> bool:
    receipt = Receipt.readable(job.layout.receipt_path(job.stage))
    return receipt is not None and receipt.ran_on.get("job") == record.job


def _has_failed(job: WorkerJob) -> bool:
    """Whether a failure was recorded since the job was submitted, which forgets earlier ones."""
    return failure_path(job.layout, job.stage).is_file()


def _recorded_code(job: WorkerJob) -> int:
    failure = read_failure(job.layout, job.stage)
    kind = None if failure is None else KINDS.get(failure["kind"])
    return EXIT_BUG if kind is None else kind.exit_code


def _appears(is_there: Callable[[], bool]) -> bool:
    """Whether it is there, or will be before long."""
    end = time.monotonic() + SETTLE_S
    while not is_there():
        if time.monotonic() >= end:
            return False
        time.sleep(LOOK_EVERY_S)
    return True
