"""How a worker's process holds memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}
"""Settings of glibc's malloc (mallopt(3)): large blocks come from the heap too, and the heap is never given back.

A training step frees and asks for the same hundreds of MB again; by default each time means new pages, which the system
clears one by one. Other C libraries ignore the settings.
"""


def keeping_memory(environment: Mapping[str, str]) -> dict[str, str]:
    """``environment`` for a worker; what it says of malloc itself stays."""
    return {**KEPT, **environment}
