"""A stage as several processes: torchrun starts them, and this process watches over them.

torchrun itself restarts a group after any exit code but 0, also where a stage was stopped on request or refuses its
input; and with one store for all of its tries, the processes of the second may find the addresses of the dead ones
there and wait for them. So it is asked for no restart: what is worth another try is decided here, and then all of
torchrun begins anew, with a store of its own. On several nodes, each has a process like this one; what one of them
decides follows from what all have seen, so all decide alike.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from yolozu.engine.processes.agent import Agent
from yolozu.engine.processes.failures import LOST_PEER, Failure, cause_of_nodes
from yolozu.engine.processes.rendezvous import LOOPBACK, Rendezvous, interface_of, unreachable
from yolozu.errors import EXIT_DONE, Interrupted, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from yolozu.engine.processes.nodes import Nodes
    from yolozu.errors import YolozuError
    from yolozu.progress import Stopper

LOOK_EVERY_S = 0.1

KILL_AFTER_S = 30.0
"""How long processes have that were told to end because other nodes cannot go on; torchrun itself gives as much."""

GO_ON = "run the same command again; it goes on from what was saved"


@dataclass(frozen=True)
class GroupEnd:
    """How a try of all processes of all nodes ended.

    Attributes:
        failures: how processes failed, by number of their node; without nodes that are gone.
        num_nodes: how many there were.
        asked: whether somebody had asked some node to stop.
        tells: whether it is this node that tells people of it, and keeps its record.
        met_in: what nodes have met in; it is closed when nothing holds it, and the next try needs it.
    """

    failures: Mapping[int, Sequence[Failure]]
    num_nodes: int = 1
    asked: bool = False
    tells: bool = True
    met_in: Any = field(default=None, repr=False, compare=False)

    @property
    def is_done(self) -> bool:
        """Whether all went well, as far as results go: the first process is on node 0."""
        return 0 in self.failures and not any(self.failures.values())

    @property
    def cause(self) -> Failure | None:
        """The failure that the others follow from; None where only nodes are gone."""
        return cause_of_nodes(list(self.failures.values())) if any(self.failures.values()) else None

    @property
    def lost(self) -> list[int]:
        """Nodes that are gone."""
        return [node for node in range(self.num_nodes) if node not in self.failures]


def run_group(
    command: Sequence[str],
    *,
    num_processes: int,
    directory: Path,
    stopping: Stopper,
    rendezvous: Rendezvous | None = None,
    attempt: int = 0,
) -> GroupEnd:
    """Run ``command`` as one group of processes under torchrun, to its end on all nodes.

    Args:
        command: of every process; torchrun's variables tell them apart.
        num_processes: how many, on this node.
        directory: for torchrun's files; emptied before, and gone afterwards.
        stopping: whether to ask all of them, once, to stop.
        rendezvous: where the nodes meet; None where there is only this one.
        attempt: number of this try, from 0; the same on all nodes.

    Raises:
        UsageError: YZ359, this node cannot reach the others.
        Interrupted: YZ311, somebody asked to stop before all were there; YZ361, not all nodes came; YZ362, the node
            that the others had met at is gone.
    """
    meet = Rendezvous() if rendezvous is None else rendezvous
    parameters = meet.parameters(attempt)
    prepare_environment(num_processes, parameters["local_addr"])
    with _empty_directory(directory):
        agent = Agent(command, num_processes, directory, parameters)
        agent.start()
        watch = _Watch(agent, meet, stopping)
        try:
            while agent.is_alive():
                watch.look()
        except BaseException:
            agent.signal_all(signal.SIGKILL)
            if agent.has_met():
                agent.join()
            raise
        return watch.end()


class _Watch:
    """One try, as this node sees it: its own processes, and the other nodes once all have met."""

    def __init__(self, agent: Agent, meet: Rendezvous, stopping: Stopper) -> None:
        self._agent, self._meet, self._stopping = agent, meet, stopping
        self._nodes: Nodes | None = None
        self._asked = False
        self._told_to_end_at: float | None = None

    def look(self) -> None:
        """Wait a moment; then pass on a request to stop, and end processes that nobody trains with any more."""
        self._agent.join(LOOK_EVERY_S)
        self._find_nodes()
        if self._stopping() and not self._asked:
            if self._meet.num_nodes > 1 and not self._agent.has_met():
                raise Interrupted.one(
                    "YZ311", where=self._where(), problem="stopped on request, before all nodes were there", fix=GO_ON
                )
            self._asked = self._agent.signal_all(signal.SIGTERM)
        if self._nodes is not None and self._nodes.have_failed():
            self._end_own()

    def end(self) -> GroupEnd:
        """How it ended, once this node's processes have."""
        try:
            failures = self._agent.failures()
        except Exception as error:
            told = self._failed_to_meet(error)
            if told is None:
                raise
            raise told from error
        self._find_nodes()
        if self._nodes is None:
            return GroupEnd({0: failures}, asked=self._stopping())
        if self._told_to_end_at is not None:  # how it ended is no reason for anything
            failures = [replace(failure, kind=LOST_PEER) for failure in failures]
        words = self._nodes.ends(failures, asked=self._stopping())
        return GroupEnd(
            {node: word.failures or () for node, word in words.items()},
            num_nodes=self._meet.num_nodes,
            asked=any(word.asked for word in words.values()),
            tells=self._nodes.rank == min(words),
            met_in=self._agent,
        )

    def _find_nodes(self) -> None:
        if self._nodes is None and self._meet.num_nodes > 1:
            self._nodes = self._agent.nodes()

    def _end_own(self) -> None:
        now = time.monotonic()
        if self._told_to_end_at is None:
            if self._asked or self._agent.signal_all(signal.SIGTERM):
                self._told_to_end_at = now
        elif now - self._told_to_end_at > KILL_AFTER_S:
            self._agent.signal_all(signal.SIGKILL)

    def _failed_to_meet(self, error: Exception) -> YolozuError | None:
        """The error of nodes that an error of torchrun is; None for one of this machine."""
        from torch.distributed import DistError
        from torch.distributed.elastic.rendezvous import RendezvousConnectionError, RendezvousError

        if self._meet.num_nodes == 1 or not isinstance(error, (RendezvousError, DistError)):
            return None
        if self._agent.has_met():
            problem, fix = "the node where all had met is gone", f"on all nodes, {GO_ON}"
            return Interrupted.one("YZ362", where=self._where(), problem=problem, fix=fix)
        if isinstance(error, RendezvousConnectionError):
            return unreachable(self._meet.endpoint, "nobody answers, or the port is taken")
        problem = f"the {self._meet.num_nodes} nodes did not all come ({type(error).__name__})"
        fix = "start the same training on all of them, with the same keys, within ten minutes"
        return Interrupted.one("YZ361", where=self._where(), problem=problem, fix=fix)

    def _where(self) -> str:
        return f"rdzv_endpoint: {self._meet.endpoint}"


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
    run_once: Callable[[int], GroupEnd], *, max_restarts: int, where: str, say: Callable[[str], None]
) -> tuple[int, Failure | None]:
    """Run a group again as long as processes are lost, at most ``max_restarts`` times.

    Args:
        run_once: one try, by its number from 0.
        max_restarts: further tries.
        where: the run and its stage, for messages.
        say: where to tell of a restart.

    Returns:
        The exit code, and the failure that it comes from; None for none.

    Raises:
        Interrupted: YZ304 or YZ315, processes were lost and there is no further try; YZ362, nodes were.
        UsageError: YZ316, a process ended badly and left no word.
    """
    attempt = 0
    while not (end := run_once(attempt)).is_done:
        first = end.cause
        if first is not None and not first.is_retryable:
            return _on_purpose(first, where)
        if first is None or end.lost:
            raise _node_is_gone(end, where)
        if end.asked:
            problem = f"stopped on request, and {first.render()}"
            raise Interrupted.one("YZ304", where=where, problem=problem, fix=GO_ON)
        if attempt == max_restarts:
            problem = f"{first.render()}, and max_restarts: {max_restarts} allows no further try"
            fix = f"look for what kills it (memory?), then {GO_ON}"
            raise Interrupted.one("YZ315", where=where, problem=problem, fix=fix)
        attempt += 1
        if end.tells:
            say(f"{where}: {first.render()}; starting all again from what was saved ({attempt} of {max_restarts})")
    return EXIT_DONE, None


def _on_purpose(first: Failure, where: str) -> tuple[int, Failure]:
    if first.text:
        return first.exit_code, first
    problem, fix = f"{first.render()} and did not say why", "look at what it has printed above"
    raise UsageError.one("YZ316", where=where, problem=problem, fix=fix)


def _node_is_gone(end: GroupEnd, where: str) -> YolozuError:
    gone = ", ".join(str(node) for node in end.lost)
    problem = f"of {end.num_nodes} nodes, counted from 0, node {gone} is gone: nothing was heard from it"
    return Interrupted.one("YZ362", where=where, problem=problem, fix=f"on all nodes, {GO_ON}")


def prepare_environment(num_processes: int, address: str = LOOPBACK) -> None:
    """Settings that the processes inherit, where the user has none: cores are shared out, talk takes the right network.

    Args:
        num_processes: on this node.
        address: of this node, as the others reach it; the loopback address where there are no others.
    """
    from yolozu.system import THREADS, available_cores

    os.environ.setdefault(THREADS, str(max(1, available_cores() // num_processes)))
    loopback = next((name for _, name in socket.if_nameindex() if name in ("lo", "lo0")), None)
    interface = loopback if address == LOOPBACK else interface_of(address)
    if address != LOOPBACK:
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # else it prints a stack for each call to a lost node
    if interface is not None:  # else gloo takes the network of the host's name
        os.environ.setdefault("GLOO_SOCKET_IFNAME", interface)
