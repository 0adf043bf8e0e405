"""Which job of a cluster runs a stage: what is left for a builder that comes later."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.jsonio import pretty, read_json, write_text
from yolozu.artifacts.record import typed
from yolozu.artifacts.run_meta import timestamp
from yolozu.engine.scratch import Scratch

if TYPE_CHECKING:
    from pathlib import Path

    from yolozu.engine.launchers.base import WorkerJob
    from yolozu.paths import RunLayout


@dataclass(frozen=True)
class JobRecord:
    """A job that is submitted for a stage.

    Attributes:
        executor: to which kind of cluster.
        job: its number there; empty until the cluster has told it.
        request: sha256 of the stage's request then.
        submitted_at: UTC, ISO 8601.
        name: what the cluster's queue calls it, and no other job; empty in records of earlier releases.
    """

    executor: str
    job: str
    request: str
    submitted_at: str
    name: str = ""

    @classmethod
    def of(cls, job: WorkerJob, *, executor: str) -> JobRecord:
        """The record of ``job``, which is about to be submitted, under a name of its own."""
        name = f"{shared_name(job.layout, job.stage)}-{secrets.token_hex(4)}"
        return cls(executor, "", request_digest(job), timestamp(), name)

    def called(self, job: WorkerJob) -> str:
        """What the queue calls it: its own name, or the one that all jobs of the stage had in earlier releases."""
        return self.name or shared_name(job.layout, job.stage)

    def write(self, path: Path) -> None:
        """As JSON, whole or not at all."""
        write_text(path, pretty({"schema_version": 1, **asdict(self)}))

    @classmethod
    def read(cls, path: Path) -> JobRecord | None:
        """The record at ``path``; None where there is none.

        Raises:
            InputError: YZ351, it cannot be read.
        """
        if not path.is_file():
            return None
        fix = "look in the cluster's queue, cancel a job of this stage that is there, and delete the file"
        value = read_json(path, code="YZ351", fix=fix)
        return typed(cls, value, what="record of a job", code="YZ351", where=str(path), fix=fix)


def shared_name(layout: RunLayout, stage: str) -> str:
    """What the names of all jobs of a stage begin with: ``exp01.train``."""
    return f"{layout.run_id}.{stage}"


def record_path(job: WorkerJob) -> Path:
    """Where the record of a stage's job is."""
    return Scratch.of(job.layout, job.stage).job_path


def request_digest(job: WorkerJob) -> str:
    """sha256 of the stage's request as it is now."""
    return digest_file(job.layout.request_path(job.stage))
