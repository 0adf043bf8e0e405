"""How many processor cores this process may use: decides speed, never results."""

from __future__ import annotations

import os


def available_cores() -> int:
    """Cores this process may run on, where the system tells; else all there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    count = os.cpu_count()
    return 1 if count is None else count
