"""Programs of a Slurm that says what a test has told it to."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from yolozu.contract.sections.operations import OperationsSection
from yolozu.engine.failure import record_failure
from yolozu.engine.launchers import slurm_end, slurm_job
from yolozu.engine.launchers.base import WorkerJob
from yolozu.engine.launchers.job_record import JobRecord, request_digest
from yolozu.engine.launchers.job_voice import JobVoice
from yolozu.engine.launchers.slurm_job import SlurmJob
from yolozu.engine.scratch import Scratch
from yolozu.engine.stopping import StopBuild
from yolozu.paths import RunLayout
from yolozu.planning.receipt import Receipt

SUBMITTED = "2026-01-01T00:00:00+00:00"

SBATCH = """\
cat > script; echo "$*" > words; env > environment
for word in "$@"; do case "$word" in --job-name=*) echo "${word#*=}" > name;; esac; done
[ ! -f silence ] || { rm silence; echo 17 > named; echo "Socket timed out on send/recv operation" >&2; exit 1; }
if [ -f refusal ]; then cat refusal >&2; exit 1; fi
[ ! -f worker ] || . ./worker
echo 17
"""
"""Does what the worker of a job does at once, where a test has given it a ``worker``."""

SQUEUE = """\
case "$*" in *--states=all*)
  [ ! -f unsure ] || { rm unsure; echo "Unable to contact slurm controller" >&2; exit 1; }
  [ ! -f named ] || cat named
  exit;;
esac
line=$(head -n 1 queue); sed -i 1d queue
if [ "$line" = down ]; then echo "Unable to contact slurm controller" >&2; exit 1; fi
[ -z "$line" ] || echo "$line"
"""

SCONTROL = """\
[ -f job ] || { echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1; }
sed "s/JobName=a.train /JobName=$(cat name 2> /dev/null || echo a.train) /" job
"""

SACCT = """\
[ -f accounts ] || { echo "Slurm accounting storage is disabled" >&2; exit 1; }
cat accounts
"""

SCANCEL = 'echo "$*" >> cancelled; [ ! -f objection ] || { cat objection >&2; exit 1; }\n'


@dataclass
class FakeSlurm:
    """What its programs know: ``queue`` is one answer of squeue a line, ``down`` for none at all."""

    place: Path
    layout: RunLayout
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    signals: list[int] = field(default_factory=list)
    """What the builder gets from its keyboard once the job runs."""

    def know(self, **files: str) -> None:
        for name, text in files.items():
            (self.place / name).write_text(text)

    def read(self, name: str) -> str:
        path = self.place / name
        return path.read_text() if path.is_file() else ""

    def ended(self, state: str, exits: str = "0:0", *, name: str = "a.train") -> None:
        """What scontrol says of the job."""
        self.know(job=f"JobId=17 JobName={name} JobState={state} Reason=None Restarts=0 ExitCode={exits} RunTime=1\n")

    def job(self, *options: str, **keys: object) -> WorkerJob:
        return WorkerJob(self.layout, "train", OperationsSection(executor="slurm", **keys), options)

    def recorded(self) -> JobRecord:
        """The job, as if submitted by an earlier builder."""
        job = self.job()
        record = JobRecord("slurm", "17", request_digest(job), SUBMITTED)
        record.write(Scratch.of(self.layout, "train").job_path)
        self.log("")
        return record

    def followed(self, stopping: StopBuild | None = None, *options: str, late: bool = False) -> SlurmJob:
        job = self.job(*options)
        voice = JobVoice(job, self.hear)
        return SlurmJob(self.recorded(), job, voice, stopping or StopBuild(), late=late)

    def hear(self, line: str) -> None:
        self.said.append(line)
        while "runs on" in line and self.signals:
            os.kill(os.getpid(), self.signals.pop())

    def write_receipt(self, job: str = "17") -> None:
        path = self.layout.receipt_path("train")
        Receipt("train", 1, {}, {}, {}, {}, SUBMITTED, 1.0, {}, {"executor": "slurm", "job": job}).write(path)

    def write_failure(self, kind: str = "GateFailed", text: str = "no") -> None:
        record_failure(self.layout, "train", kind=kind, text=text)

    def log(self, text: str) -> None:
        with Scratch.of(self.layout, "train").job_log_path.open("a") as file:
            file.write(text)


@pytest.fixture
def slurm(tmp_path, monkeypatch) -> FakeSlurm:
    """A Slurm in PATH that answers at once, and a run ``a`` with a request."""
    place = tmp_path / "slurm"
    (place / "bin").mkdir(parents=True)
    programs = {"sbatch": SBATCH, "squeue": SQUEUE, "scontrol": SCONTROL, "sacct": SACCT, "scancel": SCANCEL}
    for name, text in programs.items():
        (place / "bin" / name).write_text(f"#!/bin/sh\ncd {place}\n{text}")
        (place / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{place / 'bin'}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    for name in ("FIRST_POLL_S", "LAST_POLL_S", "LOST_S"):
        monkeypatch.setattr(slurm_job, name, 0.0)
    monkeypatch.setattr(slurm_end, "SETTLE_S", 0.0)
    layout = RunLayout(Path("runs/a"))
    for directory in (layout.plan_dir, layout.receipts_dir, layout.scratch_dir("train")):
        directory.mkdir(parents=True)
    layout.request_path("train").write_text("{}")
    found = FakeSlurm(place, layout)
    found.know(queue="")
    return found
