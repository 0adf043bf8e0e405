"""Where two trainings part: the first step whose numbers differ in a single bit, the first validation, checkpoints."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from yolozu.app.run_differences.differences import Difference, Divergence, RowDifference
from yolozu.app.run_differences.outcomes import reasons
from yolozu.artifacts.metrics_table import read_rows
from yolozu.errors import InputError
from yolozu.paths import BEST_CHECKPOINT, TRAIN_METRICS
from yolozu.training.metrics_log import comparable

if TYPE_CHECKING:
    from yolozu.app.run_differences.sides import RunSide

VAL_METRICS = "reports/val_metrics.jsonl"
CHECKPOINTS = (BEST_CHECKPOINT, "checkpoints/last.pt")
TOTAL = "total"
Rows = dict[tuple[str, int], dict[str, Any]]


def divergence(a: RunSide, b: RunSide) -> Divergence | None:
    """Where the trainings of two runs part; None where one of them has no finished training.

    Rows are held against each other by kind and step, so that `log_every` may differ.
    """
    if a.trained is None or b.trained is None:
        return None
    because = tuple(reasons(a.trained, b.trained))
    steps, first_step = _first_difference(_rows(a, TRAIN_METRICS), _rows(b, TRAIN_METRICS))
    validations, first_validation = _first_difference(_rows(a, VAL_METRICS), _rows(b, VAL_METRICS))
    digests = ((path, a.trained.outputs.get(path), b.trained.outputs.get(path)) for path in CHECKPOINTS)
    return Divergence(
        should_be_equal=not because,
        because=because,
        compared_rows=steps,
        first_step=first_step,
        compared_validations=validations,
        first_validation=first_validation,
        checkpoints=tuple(Difference(*entry) for entry in digests if entry[1] != entry[2]),
        resumed_at=(_resumed_at(a), _resumed_at(b)),
    )


def _rows(side: RunSide, path: str) -> Rows:
    """Kind and optimizer step -> the row without its times; none where the file is not what its receipt says."""
    file = side.made("train", path)
    if file is None:
        return {}
    try:
        return {(row["meta"]["kind"], row["meta"]["optim_step"]): comparable(row) for row in read_rows(file)}
    except InputError as error:
        side.findings.extend(error.findings)
        return {}


def _first_difference(a: Rows, b: Rows) -> tuple[int, RowDifference | None]:
    """How many rows both have, and the first of them that differs."""
    both = sorted((place for place in a if place in b), key=lambda place: place[1])
    last_equal = None
    for kind, step in both:
        old, new = a[kind, step], b[kind, step]
        for name, one, other in _numbers(old, new):
            if one != other:
                return len(both), RowDifference(step, old["meta"].get("epoch"), kind, name, one, other, last_equal)
        last_equal = step
    return len(both), None


def _numbers(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """Name and both values of all numbers of a row, its total loss first."""
    found = []
    for group in ("losses", "metrics"):
        names = sorted({*old[group], *new[group]}, key=lambda name: (name != TOTAL, name))
        found += [(name, old[group].get(name), new[group].get(name)) for name in names]
    return found


def _resumed_at(side: RunSide) -> int | None:
    """Optimizer step at which the last process went on; None where it began the training, or that is not known."""
    file = side.made("train", TRAIN_METRICS)
    if side.record is None or file is None:
        return None
    try:
        started = datetime.fromisoformat(side.record["timestamps"]["started"])
        before = [
            row["meta"]["optim_step"]
            for row in read_rows(file)
            if datetime.fromisoformat(str(row.get("timestamp"))) < started
        ]
    except (InputError, ValueError, KeyError, TypeError):
        return None
    return max(before, default=None)
