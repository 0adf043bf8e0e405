"""All processes of a training, as one of them sees them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor

from yolozu.errors import Interrupted
from yolozu.model.device import device_named

PATIENCE = timedelta(minutes=30)
"""How long a process waits for another one: the first one evaluates alone, which may take its time."""


class LostPeerError(Interrupted):
    """Another process of the training is gone; with what was saved, all can start again."""


class StoppedByRank0(Exception):
    """Training has ended in a way that the first process tells of; this one has nothing to add."""


class Group:
    """A training in one process: nobody to ask, nothing to send.

    Every method is called by all processes alike, in the same order.

    Attributes:
        rank: number of this process, from 0.
        size: how many there are.
    """

    rank = 0
    size = 1

    @property
    def is_first(self) -> bool:
        """Whether this process writes and tells."""
        return self.rank == 0

    def all_gather(self, value: Any) -> list[Any]:
        """The ``value`` of every process, by rank; it must be small."""
        return [value]

    def to_first(self, value: Any) -> list[Any] | None:
        """At the first process, the ``value`` of every one by rank; None at the others."""
        return [value]

    def from_first(self, value: Any) -> Any:
        """The first process's ``value``."""
        return value

    def any(self, flag: bool) -> bool:
        """Whether any process says so."""
        return flag

    def start_sum(self, tensor: Tensor) -> Callable[[], None]:  # noqa: ARG002 - it is its own sum
        """Begin to make ``tensor`` the sum of all processes', in place; returns what waits for the end of that.

        Several may be under way; their order is independent of everything else that processes say to each other.
        """
        return lambda: None

    def copy_from_first(self, tensors: Sequence[Tensor]) -> None:
        """Make ``tensors`` equal to the first process's, in place."""

    def leave(self) -> None:
        """Be alone from here on: no process calls anything of the group again."""


class ProcessGroup(Group):
    """Processes that torchrun has started.

    Numbers about the training travel between CPUs (gloo); gradients stay on their devices (NCCL between GPUs).
    Sums of gradients are the same bits on every process, so weights and optimizers never part.
    """

    def __init__(self, rank: int, size: int) -> None:
        """Be one of ``size`` processes, all of which come by here."""
        self.rank, self.size = rank, size
        self._sums: Any = None
        _together(self._connect_for_sums)

    def _connect_for_sums(self) -> None:
        """Connections of their own: sums begin while norms that share statistics use the others."""
        self._sums = torch.distributed.new_group(timeout=PATIENCE)

    def all_gather(self, value: Any) -> list[Any]:
        """The ``value`` of every process, by rank; it must be small."""
        found: list[Any] = [None] * self.size
        _together(lambda: torch.distributed.all_gather_object(found, value))
        return found

    def to_first(self, value: Any) -> list[Any] | None:
        """At the first process, the ``value`` of every one by rank; None at the others."""
        found: list[Any] | None = [None] * self.size if self.is_first else None
        _together(lambda: torch.distributed.gather_object(value, found, dst=0))
        return found

    def from_first(self, value: Any) -> Any:
        """The first process's ``value``."""
        carried = [value]
        _together(lambda: torch.distributed.broadcast_object_list(carried, src=0))
        return carried[0]

    def any(self, flag: bool) -> bool:
        """Whether any process says so."""
        said = torch.tensor([flag], dtype=torch.uint8)
        _together(lambda: torch.distributed.all_reduce(said, op=torch.distributed.ReduceOp.MAX))
        return bool(said.item())

    def start_sum(self, tensor: Tensor) -> Callable[[], None]:
        """Begin to make ``tensor`` the sum of all processes', in place; returns what waits for the end of that."""
        begun: list[Any] = []
        _together(lambda: begun.append(torch.distributed.all_reduce(tensor, group=self._sums, async_op=True)))
        return lambda: _together(begun[0].wait)

    @torch.no_grad()
    def copy_from_first(self, tensors: Sequence[Tensor]) -> None:
        """Make ``tensors`` equal to the first process's, in place."""
        for tensor in tensors:
            carried = tensor.detach().cpu().contiguous()
            _together(lambda carried=carried: torch.distributed.broadcast(carried, src=0))  # type: ignore[misc]
            tensor.copy_(carried)

    def leave(self) -> None:
        """Be alone from here on: no process calls anything of the group again."""
        torch.distributed.destroy_process_group()


SINGLE_PROCESS = Group()


@contextmanager
def joined(device: str) -> Iterator[tuple[Group, str]]:
    """The group that torchrun's variables describe, and this process's device; until the block ends.

    Args:
        device: the contract's. Of ``cuda``, every process gets the one with its number on this machine.

    Raises:
        UsageError: YZ501, there are fewer devices than processes; raised in all of them.
        LostPeerError: YZ525, another process did not come.
    """
    if device == "cuda":
        device_named(f"cuda:{int(os.environ['LOCAL_WORLD_SIZE']) - 1}")
        device = f"cuda:{os.environ['LOCAL_RANK']}"
    on_cuda = torch.device(device).type == "cuda"
    if on_cuda:
        torch.cuda.set_device(device)
    backend = "cpu:gloo,cuda:nccl" if on_cuda else "gloo"
    _together(lambda: torch.distributed.init_process_group(backend, timeout=PATIENCE))
    try:
        yield ProcessGroup(torch.distributed.get_rank(), torch.distributed.get_world_size()), device
    finally:
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def _together(call: Callable[[], object]) -> None:
    """Do what all processes do together."""
    try:
        call()
    except RuntimeError as error:  # what torch raises for a closed connection and for a time-out
        raise LostPeerError.one(
            "YZ525",
            where="training on several processes",
            problem=f"another process is gone: {str(error).splitlines()[0]}",
            fix="run the same command again; it goes on from the last checkpoint",
        ) from error
