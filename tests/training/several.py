"""Functions run by several processes that form a group, as torchrun would start them."""

from __future__ import annotations

import multiprocessing
import os
import socket
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from yolozu.training.distributed import joined

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 300.0


def together(function: Callable[..., Any], *arguments: Any, size: int = 2, **named: Any) -> list[Any]:
    """What ``function(group, *arguments, **named)`` returns in each of ``size`` processes."""
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.training.several", "tests.training.tiny"])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ends = [processes.Pipe(duplex=False) for _ in range(size)]
    members = [
        processes.Process(
            target=_member, args=(partial(function, **named), arguments, _environment(rank, size, port), send)
        )
        for rank, (_, send) in enumerate(ends)
    ]
    for member in members:
        member.start()
    try:
        return [_received(receive, member) for (receive, _), member in zip(ends, members, strict=True)]
    finally:
        for member in members:
            member.join(PATIENCE_S)
            member.kill()
            member.join()
            member.close()


def _received(receive: Any, member: Any) -> Any:
    assert receive.poll(PATIENCE_S), f"{member.name} says nothing"
    return receive.recv()


def _environment(rank: int, size: int, port: int) -> dict[str, str]:
    return {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(size),
        "LOCAL_WORLD_SIZE": str(size),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "GLOO_SOCKET_IFNAME": "lo",
    }


def _member(function: Callable[..., Any], arguments: tuple[Any, ...], environment: dict[str, str], end: Any) -> None:
    torch.set_num_threads(1)
    os.environ |= environment
    with joined("cpu") as (group, _):
        end.send(function(group, *arguments))
