"""What Slurm is asked, through its own programs."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yolozu.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

NEEDED = ("sbatch", "squeue", "scontrol", "scancel")
"""Programs without which nothing works; ``sacct`` is asked where it is there."""

ANSWER_S = 60.0
"""How long a program may take to answer."""

LOOK_S = 10.0
"""How long it may take for somebody who only looks at a run."""

UNKNOWN_JOB = "Invalid job id specified"
GONE = "GONE"
"""Our word for the state of a job that Slurm has forgotten."""

LOST = ("NODE_FAIL", "PREEMPTED", "BOOT_FAIL")
"""States out of which a job comes back into the queue, unless the cluster forbids it."""

OVER = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "OUT_OF_MEMORY", "DEADLINE", "REVOKED", GONE, *LOST)


@dataclass(frozen=True)
class JobState:
    """How a job stands.

    Attributes:
        name: in Slurm's words, such as ``PENDING``, or `GONE`.
        reason: why it waits; empty where nothing is said.
        nodes: where it runs; empty while it waits.
        exit_code: of the script, once the job is over; None where nobody knows.
        signal: that killed the script; 0 for none.
    """

    name: str
    reason: str = ""
    nodes: str = ""
    exit_code: int | None = None
    signal: int = 0


def submit(script: str, name: str, words: Sequence[str]) -> str:
    """Hand a script to ``sbatch``; the job's id.

    What a job around us has set in the environment is not for the new one.

    Args:
        script: of the job.
        name: what the queue calls it, whatever ``words`` say.
        words: further ones of the command line.

    Raises:
        UsageError: YZ346, it is refused.
    """
    kept = {name: value for name, value in os.environ.items() if name == "SLURM_CONF" or not name.startswith("SLURM_")}
    done = subprocess.run(
        ["sbatch", "--parsable", *words, f"--job-name={name}"],
        input=script,
        env=kept,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    job = done.stdout.strip().partition(";")[0]
    if done.returncode == 0 and job.isdecimal():
        return job
    if known := job_called(name):  # it was taken, and only the answer was lost
        return known
    said = [line.removeprefix("sbatch: ").removeprefix("error: ") for line in done.stderr.splitlines() if line.strip()]
    raise UsageError.one(
        "YZ346",
        where="sbatch",
        problem="; ".join(said) or f"ended with exit code {done.returncode} and without the id of a job",
        fix="change partition, account, time_limit, gpus, cpus, memory or sbatch_args; sinfo says what there is",
    )


def state_of(job: str, name: str) -> JobState | None:
    """How a job stands, by whichever program answers; None where none does.

    Args:
        job: its id.
        name: of the job: ids begin anew on a new cluster, and then belong to others.
    """
    return _by_squeue(job, name) or _by_scontrol(job, name) or _by_sacct(job, name) or _forgotten(job)


def job_called(name: str) -> str | None:
    """Id of the job that is called so, be it over or not; empty where there is none, None where nobody answers."""
    said, objection = _ask("squeue", "--noheader", "--states=all", f"--name={name}", "--format=%i")
    if not said and not objection:
        said, _ = _ask(
            "sacct",
            "--noheader",
            "--parsable2",
            "--allocations",
            "--starttime=now-30days",
            f"--name={name}",
            "--format=JobID",
        )
    return None if objection else said.strip().partition("\n")[0]


def in_queue(job: str, name: str) -> tuple[str, JobState | None]:
    """Id and state of a job, for somebody who only looks: `GONE` where the queue lacks it, None without a quick answer.

    Args:
        job: its id; empty where nobody knows it yet.
        name: of the job.
    """
    words = ("squeue", "--noheader", "--states=all", f"--name={name}", "--format=%i|%T|%r|%N")
    said, objection = _ask(*words, within_s=LOOK_S)
    if objection:
        return job, None
    for line in said.splitlines():
        number, _, told = line.partition("|")
        if job in ("", number):
            return number, _waiting_or_running(told)
    return job, JobState(GONE)


def cancel(job: str, *, hard: bool = False) -> str:
    """Ask Slurm to end a job: its worker saves and stops; with ``hard`` it is killed. Returns what Slurm objects."""
    return _ask("scancel", *(["--full", "--signal=KILL"] if hard else []), job)[1].strip()


def _by_squeue(job: str, name: str) -> JobState | None:
    """Of jobs that wait or run."""
    said = _ask("squeue", "--noheader", f"--jobs={job}", f"--name={name}", "--format=%T|%r|%N")[0].strip()
    return _waiting_or_running(said.splitlines()[0]) if said else None


def _waiting_or_running(line: str) -> JobState | None:
    """The state of a line of squeue, ``PENDING|Resources|``."""
    parts = line.split("|")
    if len(parts) != 3:
        return None
    state, reason, nodes = parts
    return JobState(state, "" if reason == "None" else reason, nodes)


def _by_scontrol(job: str, name: str) -> JobState | None:
    """Of jobs that ended minutes ago, too."""
    said = _ask("scontrol", "--oneliner", "show", "job", job)[0]
    found = dict(re.findall(r"(?<!\S)(JobName|JobState|ExitCode|Reason)=(\S*)", said))
    if "JobState" not in found:
        return None
    if found.get("JobName") != name:
        return JobState(GONE)
    return _ended(found["JobState"], found.get("ExitCode", ""), found.get("Reason", "").replace("None", ""))


def _by_sacct(job: str, name: str) -> JobState | None:
    """Of all jobs, where the cluster keeps accounts."""
    which = (f"--jobs={job}", f"--name={name}", "--allocations")
    said = _ask("sacct", "--noheader", "--parsable2", *which, "--format=State,ExitCode")[0]
    parts = said.strip().splitlines()[-1].split("|") if said.strip() else []
    return _ended(parts[0].split()[0], parts[1]) if len(parts) == 2 else None


def _forgotten(job: str) -> JobState | None:
    return JobState(GONE) if UNKNOWN_JOB in _ask("scontrol", "show", "job", job)[1] else None


def _ended(state: str, exits: str, reason: str = "") -> JobState:
    if state not in OVER:
        return JobState(state, reason)
    found = re.fullmatch(r"(\d+):(\d+)", exits)
    return JobState(state, reason, exit_code=int(found[1]) if found else None, signal=int(found[2]) if found else 0)


def _ask(*words: str, within_s: float | None = None) -> tuple[str, str]:
    """What a program answers, and what it complains of; one that is not there, hangs or fails has no answer.

    It is in a session of its own, so that a Ctrl-C in the terminal is not for it.
    """
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=within_s or ANSWER_S, check=False, start_new_session=True
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        return "", str(error)
    return (done.stdout, "") if done.returncode == 0 else ("", done.stderr)
