"""Two builders at once, locks of the dead, file systems without locks."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from benchmarks.fault_injection.trial import REPOSITORY, Ended, Trial

WITHOUT_LOCKS = """\
import errno, fcntl
def no_lock(*_):
    raise OSError(errno.ENOLCK, "No locks available")
fcntl.flock = fcntl.lockf = no_lock
"""


def same_run(trial: Trial) -> str:
    """Begin the same command a second time while the first runs."""
    first, moment = trial.start(), trial.moment()
    time.sleep(moment)
    second = trial.start("exp")
    codes = [trial.end(process).code for process in (second, first)]
    return f"the second after {moment:.2f} s of {trial.stage}: exits {codes[1]} and {codes[0]}"


def other_run(trial: Trial) -> str:
    """Build a second run of the same contract at the same time."""
    first, second = trial.start(), trial.start("other")
    codes = [trial.end(first).code, trial.end(second, "other").code]
    if trial.subject.documented and codes != [0, 0]:
        trial.ended.append(Ended(99, f"two runs at once: exits {codes}"))
    return f"{trial.stage}: exits {codes}"


def lock_of_the_dead(trial: Trial) -> str:
    """Kill all, and let the locks name a process that lives."""
    process, moment = trial.start(), trial.moment()
    time.sleep(moment)
    trial.kill_all()
    code = process.wait()
    for lock in trial.where.rglob("*.lock"):
        lock.with_name(f"{lock.name}.holder").write_text("process 1 on localhost\n")
    return f"after {moment:.2f} s of {trial.stage}: exit {code}"


def no_locks(trial: Trial) -> str:
    """Build on a file system that says it has no locks."""
    patch = trial.where.with_name(f"{trial.where.name}.patch")
    patch.mkdir(exist_ok=True)
    (patch / "sitecustomize.py").write_text(WITHOUT_LOCKS)
    trial.environment = {"PYTHONPATH": f"{patch}:{REPOSITORY}"}
    ended = trial.build()
    trial.environment = {}
    return f"{trial.stage}: exit {ended.code}"


def orphaned_worker(trial: Trial) -> str:
    """Kill the builder alone, and run the command again at once, while its worker still saves."""
    process, moment = trial.start(), trial.moment()
    time.sleep(moment)
    trial.send(signal.SIGKILL, [process.pid])
    process.wait()
    return f"after {moment:.2f} s of {trial.stage}: then exit {trial.build().code}"


FAULTS: dict[str, Callable[[Trial], str]] = {
    "the same run twice at once": same_run,
    "two runs at once": other_run,
    "lock of a dead process, named a living one": lock_of_the_dead,
    "file system without locks": no_locks,
    "builder killed, command again at once": orphaned_worker,
}
