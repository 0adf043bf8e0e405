"""Runs of a sweep, the best first, as a file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from yolozu.artifacts.record import Record
from yolozu.evaluation.comparison.report import ComparedInterval


class PrunedAt(Record):
    """Where a training was ended early."""

    optim_step: int
    """Optimizer steps at the validation that decided it."""

    validation: int
    """Number of that validation in the run, from 1."""

    value: float
    """The metric there."""


class RankedRun(Record):
    """A run."""

    run_id: str
    """Its name."""

    values: dict[str, JsonValue]
    """Keys that differ between the runs, with its values; a key that it is not given is left out."""

    state: Literal["up to date", "stale", "failed", "not built", "pruned"]
    """Of its evaluation; what follows is of its last one, also where that is stale. A pruned run was ended early."""

    metric: float | None
    """What it is ranked by; null where it was not measured."""

    low: float | None
    """Lower end of the metric's interval; null where there is none."""

    high: float | None
    """Upper end."""

    pruned: PrunedAt | None = None
    """Where it was ended early; null where it was not."""

    minutes: float | None
    """Of all stages that it ran itself, and did not take from another run; null where none is finished."""


class Ranking(Record):
    """A sweep's runs, the best first; behind them those that were not measured, in the sweep's order."""

    schema_version: Literal[1] = 1
    """Version of this layout."""

    sweep: str
    """Name of the sweep."""

    metric: str
    """Name of what the runs are ranked by."""

    lower_is_better: bool
    """Whether the best is the least."""

    interval: ComparedInterval | None = Field(default=None)
    """Where the intervals come from; null where none was asked for."""

    runs: list[RankedRun]
    """The runs."""
