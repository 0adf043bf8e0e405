"""Workers as jobs of a Slurm cluster that shares the working directory."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from yolozu.engine.failure import clear_failure, read_failure, stopped
from yolozu.engine.launchers.ended import ended, place_of
from yolozu.engine.launchers.job_record import JobRecord, record_path, request_digest, shared_name
from yolozu.engine.launchers.job_voice import JobVoice
from yolozu.engine.launchers.slurm_commands import LOST, NEEDED, OVER, in_queue, job_called, submit
from yolozu.engine.launchers.slurm_job import LEFT, SlurmJob
from yolozu.engine.launchers.slurm_script import job_script
from yolozu.engine.launchers.standing import JobStanding
from yolozu.engine.scratch import Scratch
from yolozu.errors import Finding, UsageError, YolozuError

if TYPE_CHECKING:
    from collections.abc import Callable

    from yolozu.contract.sections.operations import OperationsSection
    from yolozu.engine.launchers.base import WorkerJob
    from yolozu.engine.stopping import StopBuild
    from yolozu.paths import RunLayout

NAME = "slurm"

SUBMISSION_S = 60.0
"""How long a submission may take whose builder was killed; a job that is not there then will not come."""

LOOK_EVERY_S = 2.0


class SlurmLauncher:
    """Submits the worker as a job and follows it; a job that still runs from an earlier command is followed instead."""

    def missing(self, operations: OperationsSection) -> list[Finding]:  # noqa: ARG002 - a launcher's signature
        """Slurm's programs, where they are not in PATH: YZ345."""
        absent = [name for name in NEEDED if shutil.which(name) is None]
        if not absent:
            return []
        return [
            Finding(
                "YZ345",
                where=f"executor: {NAME}",
                problem=f"{', '.join(absent)}: not found in PATH",
                fix="run this on a machine that can submit jobs (a login node), or set executor: local",
            )
        ]

    def standing(self, layout: RunLayout, stage: str) -> JobStanding | None:
        """The job whose record lies in the run, unless Slurm says that it is over."""
        record = JobRecord.read(Scratch.of(layout, stage).job_path)
        if record is None:
            return None
        name = record.name or shared_name(layout, stage)
        told = JobStanding(
            stage, NAME, record.job, "unknown", submitted_at=record.submitted_at, name=name, outlives_builder=True
        )
        number, state = in_queue(record.job, name)
        if state is None:
            return told
        if state.name in OVER and state.name not in LOST:
            return None
        if state.name == "RUNNING":
            return replace(told, job=number, state="runs", node=state.nodes)
        return replace(told, job=number, state="waits", reason=state.reason)

    def run(self, job: WorkerJob, *, stopping: StopBuild, say: Callable[[str], None] | None) -> int:
        """Run the worker to its end, or follow its job until somebody asks not to; its exit code."""
        voice = JobVoice(job, say)
        try:
            found = _earlier(job, voice, stopping)
            return (found or _submitted(job, voice, stopping)).follow()
        except YolozuError as error:
            return ended(job, error, say)


def _earlier(job: WorkerJob, voice: JobVoice, stopping: StopBuild) -> SlurmJob | None:
    """The job of an earlier command that still waits or runs for the same request.

    Raises:
        UsageError: YZ347, it is for another request.
    """
    path = record_path(job)
    record = JobRecord.read(path)
    if record is not None and not record.job:
        record = _found_again(record, job, voice, stopping)
    if record is None:
        return None
    Scratch.of(job.layout, job.stage).job_log_path.touch()
    found = SlurmJob(record, job, voice, stopping, late=True)
    state = found.look()
    if state.name in OVER:
        path.unlink()
        return None
    if record.request != request_digest(job):
        raise UsageError.one(
            "YZ347",
            where=place_of(job),
            problem=f"job {record.job} of {record.submitted_at} is {state.name.lower()}, for another request",
            fix=f"wait until it is over, or end it: scancel {record.job}; then run the same command again",
        )
    failure = read_failure(job.layout, job.stage)
    if failure is not None and LEFT in failure["text"]:
        clear_failure(job.layout, job.stage)  # of the build that left it, not of its worker
    voice.note(f"following job {record.job} again, submitted at {record.submitted_at}")
    return found


def _found_again(record: JobRecord, job: WorkerJob, voice: JobVoice, stopping: StopBuild) -> JobRecord | None:
    """The record with the number of its job, of which its builder did not hear any more; None where there is no job.

    A submission may outlive the builder, and so the job may come late.

    Raises:
        Interrupted: YZ311, somebody asked to stop.
    """
    path = record_path(job)
    end = datetime.fromisoformat(record.submitted_at).timestamp() + SUBMISSION_S
    voice.note(f"looking for {record.name} in the queue: an earlier command was killed while it submitted that job")
    while not (number := job_called(record.name)):
        if stopping.count:
            raise stopped(job.layout, job.stage, "before its job was found")
        if number is not None and time.time() > end:
            path.unlink()
            return None
        time.sleep(LOOK_EVERY_S)
    found = replace(record, job=number)
    found.write(path)
    return found


def _submitted(job: WorkerJob, voice: JobVoice, stopping: StopBuild) -> SlurmJob:
    scratch = Scratch.of(job.layout, job.stage)
    scratch.directory.parent.mkdir(parents=True, exist_ok=True)
    scratch.job_log_path.write_bytes(b"")  # there from now on: a new file may stay unseen on NFS
    clear_failure(job.layout, job.stage)
    record = JobRecord.of(job, executor=NAME)
    record.write(scratch.job_path)  # before the job is there: who is killed now leaves the name by which it is found
    try:
        record = replace(record, job=submit(job_script(job, os.environ), record.name, job.operations.sbatch_args))
    except UsageError:
        scratch.job_path.unlink()
        raise
    record.write(scratch.job_path)
    voice.note(f"submitted as job {record.job}")
    return SlurmJob(record, job, voice, stopping)


LAUNCHER = SlurmLauncher()
