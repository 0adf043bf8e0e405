"""What a row of the table is given, and what it gives."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


class NotHereError(Exception):
    """What this machine lacks for the row; the others need it not."""


@dataclass(frozen=True)
class Place:
    """Where a row is measured.

    Attributes:
        device: ``cuda``, or ``cpu`` in a rehearsal.
        directory: of the row's own files.
    """

    device: str
    directory: Path

    @property
    def rehearses(self) -> bool:
        """Whether only that it runs matters: sizes are small, and figures mean nothing."""
        return self.device == "cpu"

    def synchronize(self) -> None:
        """Wait for the device."""
        if not self.rehearses:
            torch.cuda.synchronize()

    def seconds(self, compute: Callable[[], object], *, repeats: int = 1) -> float:
        """Of one of ``repeats`` calls, with all that they start on the device."""
        self.synchronize()
        started = time.perf_counter()
        for _ in range(repeats):
            compute()
        self.synchronize()
        return (time.perf_counter() - started) / repeats

    def in_turns(self, contenders: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, float]:
        """Median seconds of each, measured by turns; each has run once before."""
        for compute in contenders.values():
            compute()
        taken: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(1 if self.rehearses else rounds):
            for name, compute in contenders.items():
                taken[name].append(self.seconds(compute))
        return {name: statistics.median(values) for name, values in taken.items()}

    def peak_mib(self, compute: Callable[[], object]) -> float:
        """Most memory on the device while it computes, beyond what was held before; 0 in a rehearsal."""
        if self.rehearses:
            compute()
            return 0.0
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        compute()
        torch.cuda.synchronize()
        return (torch.cuda.max_memory_allocated() - before) / 2**20


@dataclass
class Outcome:
    """What came out.

    Attributes:
        figures: lines for the table.
        numbers: the same for programs.
        failures: checks that failed.
    """

    figures: list[str] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def check(self, passed: bool, what: str) -> None:
        """Note that ``what`` must hold."""
        if passed:
            self.figures.append(f"checked: {what}")
        else:
            self.failures.append(f"not so: {what}")
