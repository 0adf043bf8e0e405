"""How long stages took, by the receipts of the runs below ``runs/``."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from yolozu.artifacts.spec import flat
from yolozu.engine.store.named import runs_below
from yolozu.paths import TRAIN_METRICS, RunLayout
from yolozu.planning.receipt import receipt_paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

LONGEST_ROW = 65_536
"""Bytes at the end of a file of metrics in which its last row is looked for."""

MOST_RUNS = 50
"""Runs whose receipts are read, the latest: a plan is told in a moment."""


@dataclass(frozen=True)
class PastStage:
    """A stage that has run.

    Attributes:
        run: name of the run, below ``runs/``.
        stage: its name.
        seconds: it took, from its begin to its end in one go.
        fixed_s: of these, what does not grow with its work, as far as that is known, such as imports.
        keys: flat keys of all stages of that run.
        counts: numbers of images of its data.
        numbers: what it counted itself.
        host: name of the machine; None where an early release noted none.
        executor: where it ran; likewise.
    """

    run: str
    stage: str
    seconds: float
    fixed_s: float
    keys: Mapping[str, Any]
    counts: Mapping[str, int]
    numbers: Mapping[str, Any]
    host: str | None
    executor: str | None


class TimedSteps(NamedTuple):
    """The optimizer steps of two rows of a training, and when each was done."""

    first: tuple[int, datetime]
    last: tuple[int, datetime]


def past_stages(runs_dir: Path) -> list[PastStage]:
    """All stages of the latest runs, a result that several runs have each time; what cannot be read is left out."""
    layouts = sorted((RunLayout(root) for root in runs_below(runs_dir)), key=_latest, reverse=True)
    found: list[PastStage] = []
    for layout in layouts[:MOST_RUNS]:
        found += _of_run(layout, layout.root.relative_to(runs_dir).as_posix())
    return found


def _latest(layout: RunLayout) -> float:
    with suppress(OSError):
        return layout.receipts_dir.stat().st_mtime
    return 0.0


def _of_run(layout: RunLayout, name: str) -> Iterator[PastStage]:
    receipts = {}
    for path in receipt_paths(layout.receipts_dir):
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            receipt = json.loads(path.read_bytes())
            receipts[str(receipt["stage"])] = {**receipt, "keys": flat(receipt["spec"])}
    keys = {key: value for receipt in receipts.values() for key, value in receipt["keys"].items()}
    counts = receipts.get("prepare_data", {}).get("numbers", {})
    for stage, receipt in receipts.items():
        steps = _timed_steps(layout) if stage == "train" else None
        if stage == "train" and not _in_one_go(steps, receipt):
            continue
        with suppress(KeyError, ValueError, TypeError):
            ran_on = receipt.get("ran_on", {})
            yield PastStage(
                run=name,
                stage=stage,
                seconds=float(receipt["seconds"]),
                fixed_s=_fixed(receipt, steps),
                keys=keys,
                counts=counts,
                numbers=receipt["numbers"],
                host=ran_on.get("host"),
                executor=ran_on.get("executor"),
            )


def _timed_steps(layout: RunLayout) -> TimedSteps | None:
    """The first and the last of a training's rows; None where they cannot be read."""
    try:
        with (layout.root / TRAIN_METRICS).open("rb") as file:
            first = file.readline()
            file.seek(max(0, file.seek(0, os.SEEK_END) - LONGEST_ROW))
            last = file.read().splitlines()[-1]
        rows = [json.loads(line) for line in (first, last)]
        return TimedSteps(*((row["meta"]["optim_step"], datetime.fromisoformat(row["timestamp"])) for row in rows))
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def _in_one_go(steps: TimedSteps | None, receipt: Mapping[str, Any]) -> bool:
    """Whether a training's seconds are those of all its steps: of one that was interrupted they are of the last try."""
    with suppress(ValueError, KeyError, TypeError):
        return steps is not None and steps.first[1] >= datetime.fromisoformat(receipt["started_at"])
    return False


def _fixed(receipt: Mapping[str, Any], steps: TimedSteps | None) -> float:
    """Seconds that more work would not make more; 0.0 where that is not known."""
    seconds, growing = float(receipt["seconds"]), receipt["numbers"].get("seconds")
    if steps is not None and steps.last[0] > steps.first[0]:
        pace = (steps.last[1] - steps.first[1]).total_seconds() / (steps.last[0] - steps.first[0])
        growing = pace * receipt["numbers"]["steps"]
    return 0.0 if growing is None else max(0.0, seconds - float(growing))
