"""A stage as several processes: torchrun starts them, and this process watches over them.

torchrun itself restarts a group after any exit code but 0, also where a stage was stopped on request or refuses its
input; and with one store for all of its tries, the processes of the second may find the addresses of the dead ones
there and wait for them. So it is asked for no restart: what is worth another try is decided here, and then all of
torchrun begins anew, with a store of its own.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import sys
import threading
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yolozu.errors import EXIT_DONE, Interrupted, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from yolozu.progress import Stopper

LOST_PEER = "LostPeerError"
"""Kind of failure of a process that only misses another one."""

GRACE_S = 10.0
"""A process that was killed counts as gone so much earlier than it was found: what others report meanwhile follows from
it. torchrun itself kills what has not ended 30 s after a first failure, which is later than that failure by more."""

LOOK_EVERY_S = 0.1


@dataclass(frozen=True)
class Failure:
    """How a process of the group ended, where not well.

    Attributes:
        rank: its number.
        exit_code: negative for a signal.
        at: when, in seconds since 1970.
        kind: class of its error; empty where it ended without a word.
        text: its error.
    """

    rank: int
    exit_code: int
    at: float
    kind: str
    text: str

    @property
    def since(self) -> float:
        """When it was gone, in seconds since 1970, at the earliest."""
        return self.at - GRACE_S if self.exit_code < 0 else self.at

    @property
    def is_retryable(self) -> bool:
        """Whether another try may go better: the process was killed, or lost its peers."""
        return self.exit_code < 0 or self.kind == LOST_PEER

    def render(self) -> str:
        """How it ended, in words."""
        if self.exit_code < 0:
            return f"process {self.rank} was killed by {signal.Signals(-self.exit_code).name}"
        if self.kind == LOST_PEER:
            return f"process {self.rank} lost its connection to another one"
        return f"process {self.rank} ended with exit code {self.exit_code}"


def run_group(command: Sequence[str], *, num_processes: int, directory: Path, stopping: Stopper) -> list[Failure]:
    """Run ``command`` as one group of processes under torchrun, to its end.

    Args:
        command: of every process; torchrun's variables tell them apart.
        num_processes: how many.
        directory: for torchrun's files; emptied before, and gone afterwards.
        stopping: whether to ask all of them, once, to stop.

    Returns:
        How processes failed; empty when none did.
    """
    prepare_environment(num_processes)
    with _empty_directory(directory):
        agent = _agent(command, num_processes, directory)
        watched = _Watched(agent.run)
        watched.start()
        asked = False
        try:
            while watched.is_alive():
                watched.join(LOOK_EVERY_S)
                if not asked and stopping():
                    asked = _signal_all(agent, signal.SIGTERM)
        except BaseException:
            _signal_all(agent, signal.SIGKILL)
            watched.join()
            raise
        return [_failure(rank, found) for rank, found in watched.result().failures.items()]


@contextmanager
def _empty_directory(directory: Path) -> Iterator[None]:
    if directory.exists():  # of a watching process that was killed
        shutil.rmtree(directory)
    directory.mkdir(parents=True)
    try:
        yield
    finally:
        shutil.rmtree(directory)


def run_until_done(
    run_once: Callable[[], list[Failure]],
    *,
    max_restarts: int,
    stopping: Stopper,
    where: str,
    say: Callable[[str], None],
) -> tuple[int, Failure | None]:
    """Run a group again as long as processes are lost, at most ``max_restarts`` times.

    Args:
        run_once: one try; how its processes failed.
        max_restarts: further tries.
        stopping: whether somebody has asked to stop; then there is no further try.
        where: the run and its stage, for messages.
        say: where to tell of a restart.

    Returns:
        The exit code, and the failure that it comes from; None for none.

    Raises:
        Interrupted: YZ304 or YZ315, processes were lost and there is no further try.
        UsageError: YZ316, a process ended badly and left no word.
    """
    for restart in range(max_restarts + 1):
        failures = run_once()
        if not failures:
            return EXIT_DONE, None
        first = cause(failures)
        if not first.is_retryable and not first.text:
            raise UsageError.one(
                "YZ316",
                where=where,
                problem=f"{first.render()} and did not say why",
                fix="look at what it has printed above",
            )
        if not first.is_retryable:
            return first.exit_code, first
        if stopping():
            raise Interrupted.one(
                "YZ304",
                where=where,
                problem=f"stopped on request, and {first.render()}",
                fix="run the same command again; it goes on from what was saved",
            )
        if restart < max_restarts:
            say(f"{where}: {first.render()}; starting all again from what was saved ({restart + 1} of {max_restarts})")
    raise Interrupted.one(
        "YZ315",
        where=where,
        problem=f"{first.render()}, and max_restarts: {max_restarts} allows no further try",
        fix="look for what kills it (memory?), then run the same command again; it goes on from what was saved",
    )


def cause(failures: Sequence[Failure]) -> Failure:
    """The failure that the others follow from: the earliest.

    Those that torchrun has asked to end because another one failed count only where there is nothing else.
    """
    return min(failures, key=lambda failure: (failure.exit_code == -signal.SIGTERM, failure.since))


def prepare_environment(num_processes: int) -> None:
    """Settings that the processes inherit, where the user has none: cores are shared out, talk stays on the machine."""
    from yolozu.system import available_cores

    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, available_cores() // num_processes)))
    loopback = [name for _, name in socket.if_nameindex() if name in ("lo", "lo0")]
    if loopback:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", loopback[0])


class _Watched(threading.Thread):
    """torchrun's agent, beside the thread that receives signals: in the main thread it would take them over."""

    def __init__(self, run: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._run, self._result = run, None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._result = self._run()
        except BaseException as error:  # noqa: BLE001 - `result` raises it where it is waited for
            self._error = error

    def result(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._result


def _agent(command: Sequence[str], num_processes: int, directory: Path) -> Any:
    from torch.distributed.elastic.agent.server.api import WorkerSpec
    from torch.distributed.elastic.agent.server.local_elastic_agent import LocalElasticAgent
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs
    from torch.distributed.elastic.rendezvous import RendezvousParameters
    from torch.distributed.elastic.rendezvous.registry import get_rendezvous_handler

    logging.getLogger("torch.distributed").setLevel(logging.CRITICAL)  # we tell what happened ourselves
    meeting = RendezvousParameters(
        backend="c10d",
        endpoint="localhost:0",
        run_id=uuid.uuid4().hex,
        min_nodes=1,
        max_nodes=1,
        local_addr="localhost",
    )
    spec = WorkerSpec(
        role="process",
        local_world_size=num_processes,
        rdzv_handler=get_rendezvous_handler(meeting),
        entrypoint=sys.executable,
        args=tuple(command[1:]),
        max_restarts=0,
        monitor_interval=LOOK_EVERY_S,
        local_addr="localhost",
    )
    return LocalElasticAgent(spec, DefaultLogsSpecs(log_dir=str(directory)))


def _signal_all(agent: Any, number: signal.Signals) -> bool:
    """Send a signal to all processes of the group; whether they have been started."""
    started = [worker.id for worker in agent.get_worker_group().workers if isinstance(worker.id, int)]
    for process in started:
        try:
            os.kill(process, number)
        except ProcessLookupError:
            continue
    return bool(started)


def _failure(rank: int, found: Any) -> Failure:
    said = found.error_file_data
    if "at" not in said:  # no word of ours; torchrun has noticed its end within this second
        return Failure(rank, found.exitcode, found.timestamp + 1.0, kind="", text="")
    return Failure(rank, found.exitcode, said["at"], said["kind"], said["message"])
