"""Signals, at any moment and while results are published, once and twice, to one process and to all."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Set
from functools import partial

from benchmarks.fault_injection.trial import Trial

WAYS = {
    "its worker": lambda trial, builder: trial.workers() or [builder],
    "the builder": lambda trial, builder: [builder],  # noqa: ARG005 - a way's signature
    "all": lambda trial, builder: trial.processes(),  # noqa: ARG005
}


def at_any_moment(trial: Trial, number: signal.Signals, to: str, times: int) -> str:
    """Send a signal while the stage starts, works or publishes."""
    process, moment = trial.start(), trial.moment()
    time.sleep(moment)
    for turn in range(times):
        if turn:
            time.sleep(trial.chance.uniform(0.2, 1.0))
        trial.send(number, WAYS[to](trial, process.pid))
    ended = trial.end(process)
    return f"after {moment:.2f} s of {trial.stage}: exit {ended.code}"


def at_publishing(trial: Trial, number: signal.Signals) -> str:
    """Send a signal to all processes as soon as something that the stage makes is there."""
    before = trial.subject.outputs(trial.where).keys()
    process = trial.start()
    while process.poll() is None and _made(trial) <= before:
        time.sleep(0.002)
    trial.send(number, trial.processes())
    return f"when {trial.stage} published: exit {trial.end(process).code}"


def _made(trial: Trial) -> Set[str]:
    """Names of what is there; none where a directory goes away while it is looked through."""
    try:
        return trial.subject.outputs(trial.where).keys()
    except FileNotFoundError:
        return set()


def stopped_for_a_while(trial: Trial) -> str:
    """Put all processes to sleep for seconds, as Ctrl-Z and a suspended machine do."""
    process, moment = trial.start(), trial.moment()
    time.sleep(moment)
    sleeping = trial.processes()
    trial.send(signal.SIGSTOP, sleeping)
    time.sleep(trial.chance.uniform(0.5, 3.0))
    trial.send(signal.SIGCONT, sleeping)
    return f"after {moment:.2f} s: exit {trial.end(process).code}"


FAULTS: dict[str, Callable[[Trial], str]] = {
    **{
        f"{number.name} to {to}{' twice' if times == 2 else ''}": partial(
            at_any_moment, number=number, to=to, times=times
        )
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
        for to in WAYS
        for times in (1, 2)
        if not (number == signal.SIGKILL and times == 2)
    },
    **{
        f"{number.name} while publishing": partial(at_publishing, number=number)
        for number in (signal.SIGKILL, signal.SIGTERM)
    },
    "put to sleep and woken": stopped_for_a_while,
}
