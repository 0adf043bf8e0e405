"""Random numbers that depend on the seed and the step alone: no generator's state to save, none to lose."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def derived_seed(seed: int, *purpose: str | int) -> int:
    """A seed of 63 bits for one purpose (``"weights"``, ``"step", 12, 0``), independent of those for all others."""
    text = "/".join(str(part) for part in (seed, *purpose))
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:8], "big") >> 1


def generator_for(device: torch.device, seed: int, *purpose: str | int) -> torch.Generator:
    """A generator on ``device`` for one purpose."""
    return torch.Generator(device=device).manual_seed(derived_seed(seed, *purpose))


@contextmanager
def seeded(seed: int, *purpose: str | int) -> Iterator[None]:
    """Draw from torch's global generators as seeded for one purpose; afterwards they are as they were."""
    with torch.random.fork_rng():
        torch.manual_seed(derived_seed(seed, *purpose))
        yield


@contextmanager
def deterministic(enabled: bool) -> Iterator[None]:
    """Hold torch to deterministic algorithms, or to its fastest, and leave its settings and generators as they were.

    An operation that has no deterministic form then raises a RuntimeError instead of giving other bits every time.
    """
    before = torch.are_deterministic_algorithms_enabled()
    memory = torch.utils.deterministic
    filled_before = memory.fill_uninitialized_memory  # type: ignore[attr-defined]
    with torch.random.fork_rng():
        torch.use_deterministic_algorithms(enabled)
        memory.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # only for finding such reads, and slow
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(before)
            memory.fill_uninitialized_memory = filled_before  # type: ignore[attr-defined]
