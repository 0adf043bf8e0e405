"""How many processor cores this process may use: decides speed, never results."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

    Pool = TypeVar("Pool", bound=Executor)


def available_cores() -> int:
    """Cores this process may run on, where the system tells; else all there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    count = os.cpu_count()
    return 1 if count is None else count


@contextmanager
def released(pool: Pool) -> Iterator[Pool]:
    """``pool``, which is shut down behind the block; what it has not begun by then, as on Ctrl-C, is not waited for."""
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
