"""How fast training goes, for the metrics; never an influence on it."""

from __future__ import annotations

import resource
import sys
import time

import torch

BYTES_PER_MAXRSS = 1 if sys.platform == "darwin" else 1024


class Throughput:
    """Seconds and images of the steps since it was last read.

    Attributes:
        latest: images a second and peak memory, as read last; empty before.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.latest: dict[str, float | None] = {}
        self._steps = self._images = 0
        self._data_s = self._step_s = 0.0
        self._since = time.perf_counter()

    def start(self) -> None:
        """The loop begins to wait for data."""
        self._since = time.perf_counter()

    def loaded(self) -> None:
        """Data are there, the step begins."""
        self._data_s += self._lap()

    def stepped(self, images: int) -> None:
        """The step is done."""
        self._step_s += self._lap()
        self._steps += 1
        self._images += images

    def read(self) -> dict[str, float | None]:
        """Mean seconds a step for waiting and for computing, images a second, peak memory; then start over."""
        both = self._data_s + self._step_s
        metrics: dict[str, float | None] = {
            "data_time_s": self._data_s / self._steps,
            "step_time_s": self._step_s / self._steps,
            "images_per_s": self._images / both if both > 0.0 else None,
            "memory_mb": self._memory_mb(),
        }
        self._steps = self._images = 0
        self._data_s = self._step_s = 0.0
        self.latest = {name: metrics[name] for name in ("images_per_s", "memory_mb")}
        return metrics

    def _lap(self) -> float:
        before, self._since = self._since, time.perf_counter()
        return self._since - before

    def _memory_mb(self) -> float:
        if self._device.type == "cuda":
            return torch.cuda.max_memory_allocated(self._device) / 1e6
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_PER_MAXRSS / 1e6
