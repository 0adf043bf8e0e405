"""Which job of a cluster runs a stage: what is left for a builder that comes later."""

from __future__ import annotations

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


@dataclass(frozen=True)
class JobRecord:
    """A job that was submitted for a stage.

    Attributes:
        executor: to which kind of cluster.
        job: its name there.
        request: sha256 of the stage's request then.
        submitted_at: UTC, ISO 8601.
    """

    executor: str
    job: str
    request: str
    submitted_at: str

    @classmethod
    def of(cls, job: WorkerJob, *, executor: str, name: str) -> JobRecord:
        """The record of ``job``, which has just been submitted and got ``name``."""
        return cls(executor, name, request_digest(job), timestamp())

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


def record_path(job: WorkerJob) -> Path:
    """Where the record of a stage's job is."""
    return Scratch.of(job.layout, job.stage).job_path


def request_digest(job: WorkerJob) -> str:
    """sha256 of the stage's request as it is now."""
    return digest_file(job.layout.request_path(job.stage))
