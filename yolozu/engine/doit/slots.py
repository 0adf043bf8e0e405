"""What stages that run at once share: places to run in, and GPUs, each of which one worker has to itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.devices import cuda_devices
from yolozu.errors import UsageError
from yolozu.system import available_cores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VISIBLE, THREADS = "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS"


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
