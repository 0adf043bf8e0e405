"""What every kind of cluster is tried with, and the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from benchmarks.clusters.training import Row, Undisturbed


def named(trials: Sequence[Callable[..., Any]], names: Sequence[str]) -> list[Callable[..., Any]]:
    """The trials that are called so, all where none is named."""
    return [trial for trial in trials if not names or trial.__name__ in names]


def shown(rows: Iterable[Row]) -> int:
    """Print lines as they come; 1 where one is not as promised."""
    failed = False
    for row in rows:
        print(row.render(), flush=True)
        failed |= not row.is_kept
    return int(failed)


def in_four_parts(executor: str, calm: Undisturbed, environment: dict[str, str]) -> Row:
    """Predictions of four workers at once, beside those of one."""
    _, expected = calm.predictions("executor=local", "predict_shards=1")  # a run remembers what it was told before
    words = (f"executor={executor}", "predict_shards=4")
    command, found = calm.predictions(*words, environment=environment)
    parts = all(f"shard {number} of 4" in command.said() for number in range(1, 5))
    return command.row(
        f"{executor.capitalize()}: predict_shards: 4", "not", equal=bool(expected) and found == expected and parts
    )
