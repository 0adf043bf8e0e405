"""What the validations of a training have found so far, by its own files, while it runs and after."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yolozu.planning.begun import out_dir
from yolozu.planning.receipt import Receipt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from yolozu.engine.session import Session
    from yolozu.planning.plan import Node

TRAINED_BY = "train"
VAL_METRICS = "val_metrics"
VALIDATION_KINDS = ("val_epoch", "val_step")
ENDS = "early_stop"


@dataclass(frozen=True)
class ValidationMetric:
    """The metric at a validation.

    Attributes:
        number: of the validation in the run, from 1.
        optim_step: optimizer steps before it.
        value: the metric.
        is_last: whether the training ends with it, so that ending it there would save nothing of it.
    """

    number: int
    optim_step: int
    value: float
    is_last: bool


def validations_of(session: Session, metric: str) -> list[ValidationMetric]:
    """Validations of a run's training that are saved together with a checkpoint, and that define ``metric``.

    Of a training that is begun for another spec, or has not begun, there are none.
    """
    node = session.plan[TRAINED_BY]
    path = node.outputs[VAL_METRICS]
    if not session.own_reasons(node):
        receipt = Receipt.readable(session.layout.receipt_path(TRAINED_BY))
        steps = None if receipt is None else receipt.numbers.get("steps")
        return _read(session.layout.root / path, metric, saved=steps, total=steps)
    begun = session.unfinished(node)
    if begun is None or begun.done is None:
        return []
    return _read(out_dir(begun.directory) / path, metric, saved=begun.done, total=begun.total)


def metrics_file(session: Session, node: Node) -> Path:
    """Where the training of a run writes its validations."""
    return out_dir(session.layout.scratch_dir(TRAINED_BY)) / node.outputs[VAL_METRICS]


def _read(path: Path, metric: str, *, saved: int | None, total: int | None) -> list[ValidationMetric]:
    rows = list(_rows(path))
    kinds = [row["meta"]["kind"] for row in rows]
    found: list[ValidationMetric] = []
    number = 0
    for place, row in enumerate(rows):
        if kinds[place] not in VALIDATION_KINDS:
            continue
        number += 1
        step, value = row["meta"]["optim_step"], row["metrics"].get(metric)
        if value is not None and (saved is None or step <= saved):
            is_last = step == total or ENDS in kinds[place + 1 : place + 2]
            found.append(ValidationMetric(number, step, float(value), is_last))
    return found


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    """Whole rows; a training that runs may just be writing one."""
    text = path.read_bytes() if path.is_file() else b""
    for line in text.split(b"\n")[:-1]:
        yield json.loads(line)
