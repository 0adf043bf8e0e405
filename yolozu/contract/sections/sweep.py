"""Contracts that differ in a few keys: what a sweep file says."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, JsonValue

from yolozu.contract.base import Form, Section
from yolozu.contract.sections.evaluate import COCO_METRICS
from yolozu.contract.sections.task_sequence import Name
from yolozu.evaluation.pose.registry import POSE_METRICS

if TYPE_CHECKING:
    Metric = str
else:
    Metric = Literal[(*COCO_METRICS, *POSE_METRICS)]

WAYS = ("grid", "list", "random", "optuna")
"""Keys that say which values there are, of which a file has one."""


class Drawn(Section):
    """A range to draw numbers from; whole ones where both ends are."""

    min: int | float
    """Least value."""

    max: int | float
    """Largest value."""

    log: bool = False
    """Draw the logarithm evenly, as for learning rates."""


class Sampler(Section):
    """How Optuna chooses the values of the next run."""

    name: Literal["tpe", "random"] = "tpe"
    """`tpe` learns from the runs there are (a tree-structured Parzen estimator); `random` does not."""

    startup_runs: int = Field(default=10, ge=0)
    """Of `tpe`: runs that are drawn at random before any is learned from."""


class Pruner(Section):
    """Which trainings Optuna ends early, by their validations."""

    name: Literal["median", "successive_halving"]
    """`median` ends a training whose best validation so far is worse than the median of finished runs at the same
    validation; `successive_halving` lets only the best of those go on that have come as far."""

    startup_runs: int = Field(default=5, ge=1)
    """Of `median`: finished runs before any is ended."""

    warmup_validations: int = Field(default=0, ge=0)
    """Of `median`: validations of each run behind which it is not ended yet."""

    min_validations: int = Field(default=1, ge=1)
    """Of `successive_halving`: the validation at which runs are compared first."""

    reduction_factor: int = Field(default=4, ge=2)
    """Of `successive_halving`: one of so many goes on, to as many times the validations."""


class Sweep(Section):
    """A sweep: runs whose contracts differ in a few keys."""

    config_version: Literal[1]
    """Version of the contract's language."""

    run_id: Name
    """Name of the sweep; its runs are called like it and their values, `<run_id>-lr0.001-seed2`."""

    base: str | None = Field(default=None, min_length=1)
    """Contract file of all runs, relative to the working directory; null means the contract's defaults."""

    set: dict[str, JsonValue] = Field(default_factory=dict)
    """Keys of the contract for every run; they win over `base`."""

    grid: (
        Annotated[
            dict[str, Annotated[tuple[JsonValue, ...], Field(min_length=1), Form("a list of values")]],
            Field(min_length=1),
        ]
        | None
    ) = None
    """Key -> its values: a run for every combination."""

    list: (
        Annotated[tuple[dict[str, JsonValue], ...], Field(min_length=1), Form("a list of runs: {lr: …, seed: …}")]
        | None
    ) = None
    """A run for each entry, with the keys that it gives."""

    random: (
        Annotated[
            dict[str, Annotated[tuple[JsonValue, ...], Field(min_length=1), Form("a list of values")] | Drawn],
            Field(min_length=1),
        ]
        | None
    ) = None
    """Key -> its values, or a range `{min: …, max: …, log: true}`: `samples` runs, each key drawn by itself."""

    optuna: (
        Annotated[
            dict[str, Annotated[tuple[JsonValue, ...], Field(min_length=1), Form("a list of values")] | Drawn],
            Field(min_length=1),
        ]
        | None
    ) = None
    """Key -> its values, or a range as of `random`: `max_runs` runs, each chosen by Optuna after those before it."""

    sampler: Sampler = Sampler()
    """How the values are chosen, with `optuna`."""

    pruner: Pruner | None = None
    """Which trainings are ended early, with `optuna`; null ends none."""

    samples: Annotated[int, Field(ge=1)] | None = None
    """Runs to draw, with `random`. More of them keep those there are."""

    seed: Annotated[int, Field(ge=0)] | None = None
    """Of the choices, with `random` and `optuna`; null means 0. That of trainings is `seed` under `set`."""

    metric: Metric = "map50_95"
    """What the runs are ranked by: a number of the evaluation, of boxes or of poses."""

    max_runs: int = Field(default=100, ge=1)
    """More runs than these are refused before any of them begins; with `optuna`, how many there will be."""
