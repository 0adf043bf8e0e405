"""What a sweep file lets Optuna choose, and by which rules; the runs that come of it are made one after another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.digest import digest_of
from yolozu.contract.overrides import Override
from yolozu.contract.sections.sweep import Drawn, Pruner, Sampler
from yolozu.contract.strict.sweep_run import SweepRun
from yolozu.contract.sweep_draws import draws
from yolozu.contract.sweep_names import run_names
from yolozu.contract.text.node import Problem, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from yolozu.contract.sections.sweep import Sweep
    from yolozu.contract.text.node import KeyPath, Node

Choice = tuple[Any, ...] | Drawn
Values = dict[str, Any]
"""Dotted key -> value."""

MOST_PROBES = 64
"""Contracts that are looked at before anything runs; a space of few choices is looked at as a whole."""

OF_SAMPLER = {"startup_runs": "tpe"}
OF_PRUNER = {
    "startup_runs": "median",
    "warmup_validations": "median",
    "min_validations": "successive_halving",
    "reduction_factor": "successive_halving",
}
"""Setting -> the only kind that has it."""


@dataclass(frozen=True)
class Search:
    """What Optuna may choose.

    Attributes:
        prefix: of the names of runs.
        shared: keys that hold for all runs.
        space: dotted key -> values, or a range, in the alphabet's order.
        places: dotted key -> where the file names it.
        sampler: how it chooses.
        pruner: which trainings it ends; None for none.
        seed: of the choices.
        max_runs: how many runs there will be.
        place: where the file says so.
    """

    prefix: str
    shared: tuple[Override, ...]
    space: Mapping[str, Choice]
    places: Mapping[str, str]
    sampler: Sampler
    pruner: Pruner | None
    seed: int
    max_runs: int
    place: str

    def run(self, values: Values, others: Sequence[Values] = ()) -> SweepRun:
        """The run that is given ``values``; its name is none that one of ``others`` has."""
        by_path = [{Override(key, None, "").path: value for key, value in run.items()} for run in (*others, values)]
        return self.named(run_names(self.prefix, by_path)[-1], values)

    def named(self, run_id: str, values: Values) -> SweepRun:
        """The run that is called ``run_id`` and given ``values``."""
        return SweepRun(run_id, self.shared, tuple(Override(key, values[key], self.places[key]) for key in self.space))

    def holds(self, values: Values) -> bool:
        """Whether a run with ``values`` is one of this space."""
        return values.keys() == self.space.keys() and all(_holds(self.space[key], values[key]) for key in values)

    def size(self) -> float:
        """How many different runs there are; infinite with a range of numbers that are not whole."""
        return math.prod(_size(choice) for choice in self.space.values())

    def probes(self) -> list[SweepRun]:
        """Runs at the ends of ranges, with all values of lists; of a large space such as differ in one key."""
        ends = {key: _ends(choice) for key, choice in self.space.items()}
        if math.prod(len(options) for options in ends.values()) <= MOST_PROBES:
            chosen = [dict(zip(ends, values, strict=True)) for values in product(*ends.values())]
        else:
            first = {key: options[0] for key, options in ends.items()}
            chosen = [first, *({**first, key: value} for key in ends for value in ends[key][1:])]
            chosen += islice(self._drawn(), MOST_PROBES)
        return [self.run(values) for values in chosen]

    def _drawn(self) -> Iterator[Values]:
        for drawn in draws(self.space, samples=MOST_PROBES, seed=self.seed):
            yield {
                key: choice[int(drawn[key])] if isinstance(choice := self.space[key], tuple) else drawn[key]
                for key in drawn
            }


def search_of(root: Node, sweep: Sweep, shared: tuple[Override, ...]) -> Search:
    """The search of a file that is well-formed."""
    assert sweep.optuna is not None, "this is the way that the file has chosen"
    keys = {dotted(Override(key, None, "").path): key for key in sweep.optuna}
    named = root.value["optuna"]
    return Search(
        prefix=sweep.run_id,
        shared=shared,
        space={dotted_key: sweep.optuna[keys[dotted_key]] for dotted_key in sorted(keys)},
        places={dotted_key: named.value[key].origin.text for dotted_key, key in keys.items()},
        sampler=sweep.sampler,
        pruner=sweep.pruner,
        seed=sweep.seed or 0,
        max_runs=sweep.max_runs,
        place=named.origin.where(("optuna",)),
    )


def settings_without_effect(root: Node) -> Iterator[Problem]:
    """Settings of a sampler or pruner that its kind does not have."""
    for word, kinds, default in (("sampler", OF_SAMPLER, "tpe"), ("pruner", OF_PRUNER, None)):
        node = root.find((word,))
        if node is None or not isinstance(node.value, dict):
            continue
        name = node.plain().get("name", default)
        for key, kind in kinds.items():
            if key in node.value and isinstance(name, str) and name != kind:
                place: KeyPath = (word, key)
                problem = f"has no effect with name: {name}"
                yield Problem.at(node.value[key].origin, place, "YZ117", problem, f"drop it, or write name: {kind}")


def _ends(choice: Choice) -> tuple[Any, ...]:
    return choice if isinstance(choice, tuple) else (choice.min, choice.max)


def _size(choice: Choice) -> float:
    if isinstance(choice, tuple):
        return len(choice)
    return choice.max - choice.min + 1 if is_whole(choice) else math.inf


def is_whole(choice: Drawn) -> bool:
    """Whether only whole numbers are meant."""
    return isinstance(choice.min, int) and isinstance(choice.max, int)


def _holds(choice: Choice, value: Any) -> bool:
    if isinstance(choice, tuple):
        return digest_of(value) in [digest_of(one) for one in choice]  # 1 is not true
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and choice.min <= value <= choice.max and (isinstance(value, int) or not is_whole(choice))
