"""torchrun's agent of this node: it meets the other nodes' agents, starts processes and waits for their end."""

from __future__ import annotations

import logging
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

from yolozu.engine.processes.failures import Failure
from yolozu.engine.processes.nodes import Nodes
from yolozu.engine.stopping import interrupts_wait

if TYPE_CHECKING:
    import signal
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LOOK_EVERY_S = 0.1

BARRIER_S = 1.0
"""How long torchrun waits at its end for other nodes; `Nodes` does that here, and knows when it is in vain."""


class Agent(threading.Thread):
    """The agent, beside the thread that receives signals: in the main thread it would take them over.

    It is a daemon: who is to stop does not wait for nodes that do not come.
    """

    def __init__(
        self, command: Sequence[str], num_processes: int, directory: Path, rendezvous: Mapping[str, Any]
    ) -> None:
        """Be ready to start.

        Args:
            command: of every process; its first word is this Python.
            num_processes: on this node.
            directory: for torchrun's files.
            rendezvous: arguments of torch's ``RendezvousParameters``.
        """
        super().__init__(daemon=True)
        self._making = (tuple(command), num_processes, directory, rendezvous)
        self._agent: Any = None
        self._result: Any = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """Meet the other nodes, start the processes, wait for their end."""
        try:
            with interrupts_wait():
                self._agent = _agent(*self._making)
                self._result = self._agent.run()
        except BaseException as error:  # noqa: BLE001 - `failures` raises it where it is waited for
            self._error = error

    def has_met(self) -> bool:
        """Whether all nodes have come."""
        return self._agent is not None and self._agent.get_worker_group().master_port is not None  # it is set last

    def nodes(self) -> Nodes | None:
        """The nodes that have met; None before."""
        if not self.has_met():
            return None
        group = self._agent.get_worker_group()
        return Nodes(group.store, group.group_rank, group.group_world_size)

    def signal_all(self, number: signal.Signals) -> bool:
        """Send a signal to all processes of this node; whether they have been started."""
        workers = [] if self._agent is None else self._agent.get_worker_group().workers
        started = [worker.id for worker in workers if isinstance(worker.id, int)]
        for process in started:
            try:
                os.kill(process, number)
            except ProcessLookupError:
                continue
        return bool(started)

    def failures(self) -> list[Failure]:
        """How processes of this node failed, once all have ended; raises what ended the agent itself."""
        if self._error is not None:
            raise self._error
        return [_failure(rank, found) for rank, found in self._result.failures.items()]


def _agent(command: Sequence[str], num_processes: int, directory: Path, rendezvous: Mapping[str, Any]) -> Any:
    from torch.distributed.elastic.agent.server.api import WorkerSpec
    from torch.distributed.elastic.agent.server.local_elastic_agent import LocalElasticAgent
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs
    from torch.distributed.elastic.rendezvous import RendezvousParameters
    from torch.distributed.elastic.rendezvous.registry import get_rendezvous_handler

    logging.getLogger("torch.distributed").setLevel(logging.CRITICAL)  # we tell what happened ourselves
    spec = WorkerSpec(
        role="process",
        local_world_size=num_processes,
        rdzv_handler=get_rendezvous_handler(RendezvousParameters(**rendezvous)),
        entrypoint=sys.executable,
        args=tuple(command[1:]),
        max_restarts=0,
        monitor_interval=LOOK_EVERY_S,
        local_addr=rendezvous["local_addr"],
    )
    return LocalElasticAgent(spec, DefaultLogsSpecs(log_dir=str(directory)), exit_barrier_timeout=BARRIER_S)


def _failure(rank: int, found: Any) -> Failure:
    said = found.error_file_data
    if "at" not in said:  # no word of ours; torchrun has noticed its end within this second
        return Failure(rank, found.exitcode, found.timestamp + 1.0, kind="", text="")
    return Failure(rank, found.exitcode, said["at"], said["kind"], said["message"])
