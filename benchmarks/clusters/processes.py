"""Processes of a cluster's nodes, and waiting for them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

READY_S = 180.0
LOOK_EVERY_S = 0.2


def children(process: int) -> list[int]:
    """Processes that a process has started."""
    return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def descendants(process: int) -> list[int]:
    """These, and all that they have started."""
    return [one for child in children(process) for one in (child, *descendants(child))]


def wait(done: Callable[[], bool], what: str) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: it was not within three minutes.
    """
    end = time.monotonic() + READY_S
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} is not ready after {READY_S:g} s")
        time.sleep(LOOK_EVERY_S)
