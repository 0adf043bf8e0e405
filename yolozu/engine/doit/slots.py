"""What stages that run at once share: places to run in, and GPUs, each of which one worker has to itself."""

from __future__ import annotations

from threading import Condition
from typing import TYPE_CHECKING

from yolozu.devices import cuda_devices
from yolozu.errors import UsageError
from yolozu.system import THREADS, available_cores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VISIBLE = "CUDA_VISIBLE_DEVICES"


class WorkerSlots:
    """Places for workers."""

    def __init__(self, workers: int, gpus: Sequence[str], needs: Mapping[str, int]) -> None:
        """All are free.

        Args:
            workers: how many run at once.
            gpus: names of GPUs, as ``CUDA_VISIBLE_DEVICES`` takes them; none are given out where there are none.
            needs: task -> GPUs that it needs, where it needs any. Who needs more than there are gets all of them.
        """
        self._free, self._gpus = workers, list(gpus)
        self._needs = {name: min(count, len(gpus)) for name, count in needs.items()}
        self._taken: dict[str, list[str]] = {}

    def take(self, name: str) -> bool:
        """Set aside a place and the GPUs that a task needs; False where they are not free now."""
        count = self._needs.get(name, 0)
        if not self._free or count > len(self._gpus):
            return False
        self._free -= 1
        self._taken[name], self._gpus = self._gpus[:count], self._gpus[count:]
        return True

    def free(self, name: str) -> None:
        """Give them back."""
        self._free += 1
        self._gpus = sorted([*self._gpus, *self._taken.pop(name)])

    def gpus_of(self, name: str) -> list[str]:
        """The GPUs that a running task has."""
        return self._taken[name]

    def expect(self, needs: Mapping[str, int], gpus: int) -> None:
        """Learn of further tasks, as at the beginning, where ``gpus`` are given out in all."""
        self._needs |= {name: min(count, gpus) for name, count in needs.items()}


class SharedSlots:
    """Places that several builds share, each in a thread of its own."""

    def __init__(self, workers: int, gpus: Sequence[str]) -> None:
        """All are free; as `WorkerSlots`."""
        self._slots, self._num_gpus, self._changed = WorkerSlots(workers, gpus, {}), len(gpus), Condition()

    def for_build(self, needs: Mapping[str, int]) -> BuildSlots:
        """The places as one of the builds sees them."""
        with self._changed:
            self._slots.expect(needs, self._num_gpus)
        return BuildSlots(self._slots, self._changed)


class BuildSlots:
    """Shared places, for one build: it waits for one where nothing of its own runs."""

    def __init__(self, slots: WorkerSlots, changed: Condition) -> None:
        self._slots, self._changed, self._running = slots, changed, 0

    def take(self, name: str) -> bool:
        """As `WorkerSlots.take`; waits where no task of this build runs whose end would ask again."""
        with self._changed:
            while not self._slots.take(name):
                if self._running:
                    return False
                self._changed.wait()
            self._running += 1
            return True

    def free(self, name: str) -> None:
        """Give them back."""
        with self._changed:
            self._slots.free(name)
            self._running -= 1
            self._changed.notify_all()

    def gpus_of(self, name: str) -> list[str]:
        """The GPUs that a running task has."""
        with self._changed:
            return self._slots.gpus_of(name)


def visible_gpus(environment: Mapping[str, str], asked: int | None) -> list[str]:
    """Names of the GPUs that workers can be given, as ``CUDA_VISIBLE_DEVICES`` takes them.

    Args:
        environment: what it says itself of visible devices stays.
        asked: use only the first so many; None uses all that there are.

    Raises:
        UsageError: YZ365, there are fewer.
    """
    named = [name for name in environment.get(VISIBLE, "").split(",") if name]
    there = cuda_devices() or 0
    names = named[:there] if named else [str(number) for number in range(there)]
    if asked is not None and asked > len(names):
        raise UsageError.one(
            "YZ365",
            where=f"--gpus {asked}",
            problem=f"there {'is 1 GPU' if len(names) == 1 else f'are {len(names)} GPUs'} that can be used here",
            fix="ask for fewer, or leave it out to use what there is",
        )
    return names if asked is None else names[:asked]


def worker_variables(environment: Mapping[str, str], workers: int, gpus: Sequence[str]) -> dict[str, str]:
    """Variables that keep a worker to its share: its GPUs, and its part of the cores where several run at once.

    Args:
        environment: of this process; a number of threads that it states stays.
        workers: how many run at once.
        gpus: the worker's own; with none, it sees what this process sees.
    """
    variables = {VISIBLE: ",".join(gpus)} if gpus else {}
    if workers > 1 and THREADS not in environment:
        variables[THREADS] = str(max(1, available_cores() // workers))
    return variables
