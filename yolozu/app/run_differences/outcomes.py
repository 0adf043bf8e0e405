"""What stages gave in both runs: the same bytes, the same but for times, or something else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from yolozu.app.run_differences.differences import Difference, StageDifference
from yolozu.app.run_differences.layers import spec_of
from yolozu.app.trace.training_record import RUN_META
from yolozu.artifacts.metrics_table import read_rows
from yolozu.engine.store.store import CAME_FROM
from yolozu.errors import InputError
from yolozu.stages.base import links
from yolozu.stages.registry import STAGES
from yolozu.training.metrics_log import comparable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from yolozu.app.run_differences.differences import Outcome
    from yolozu.app.run_differences.sides import RunSide
    from yolozu.planning.receipt import Receipt

TIMES = {"timestamp", "fps"}
"""Keys of reports that say when, or how fast."""

RECORDS = {RUN_META}
"""Outputs that tell of machine and command, which are a layer of their own."""


def stage_differences(a: RunSide, b: RunSide) -> list[StageDifference]:
    """All stages of both runs, in the order of the pipeline."""
    order = {stage: place for place, stage in enumerate(STAGES)}
    stages = sorted({*a.receipts, *b.receipts}, key=lambda stage: (order.get(stage, len(order)), stage))
    return [_of_stage(stage, a, b) for stage in stages]


def reasons(old: Receipt, new: Receipt) -> list[str]:
    """Keys, inputs and the version of the code in which two results of a stage differ."""
    before, after = spec_of(old), spec_of(new)
    found = [key for key in sorted({*before, *after}) if before.get(key) != after.get(key)]
    found += [
        f"input {name}" for name in sorted({*old.inputs, *new.inputs}) if old.inputs.get(name) != new.inputs.get(name)
    ]
    return found if old.version == new.version else [*found, "version of the stage's code"]


def _of_stage(stage: str, a: RunSide, b: RunSide) -> StageDifference:
    if stage not in a.receipts or stage not in b.receipts:
        return StageDifference(stage, "only in A" if stage in a.receipts else "only in B", expected=True)
    old, new = a.receipts[stage], b.receipts[stage]
    because = tuple(reasons(old, new))
    taken = old.ran_on.get(CAME_FROM), new.ran_on.get(CAME_FROM)
    paths = sorted({*old.outputs, *new.outputs} - RECORDS)
    other = [path for path in paths if old.outputs.get(path) != new.outputs.get(path)]
    differing = [path for path in other if not _equal_but_for_times(stage, path, a, b)]
    outcome: Outcome = "differs" if differing else "equal but for times" if other else "equal"
    if differing and stage in STAGES and _tells_of_its_run(stage):
        outcome = "of its own run"
    outputs = tuple(Difference(path, old.outputs.get(path), new.outputs.get(path)) for path in differing)
    return StageDifference(stage, outcome, bool(because), because, outputs, taken)


def _tells_of_its_run(stage: str) -> bool:
    return any(link.kind == "records" for link in links(STAGES.load(stage).inputs).values())


def _equal_but_for_times(stage: str, path: str, a: RunSide, b: RunSide) -> bool:
    """Whether what differs in two files are times; never where one of them is gone or has changed since."""
    if not path.endswith((".json", ".jsonl")):
        return False
    files = [side.made(stage, path) for side in (a, b)]
    if files[0] is None or files[1] is None:
        return False
    try:
        return bool(_timeless(files[0]) == _timeless(files[1]))
    except (ValueError, RecursionError, InputError):
        return False


def _timeless(path: Path) -> Any:
    if path.suffix == ".jsonl":
        return [comparable(row) for row in read_rows(path)]
    return _without_times(json.loads(path.read_bytes()))


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_times(entry) for key, entry in value.items() if key not in TIMES}
    return [_without_times(entry) for entry in value] if isinstance(value, list) else value


def unexpected(stages: list[StageDifference]) -> Iterator[StageDifference]:
    """Stages whose results differ although nothing does that decides them."""
    yield from (stage for stage in stages if stage.outcome == "differs" and not stage.expected)
