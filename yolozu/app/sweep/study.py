"""What Optuna decides: the values of the next run, and whether a training is ended early.

Each decision is a function of the search, of the runs that are known, and of nothing else: the study is made for it
anew, and the generator comes of the seed and the run's number. So a command that was killed goes on as if it had not
been.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from yolozu.artifacts.digest import digest_of
from yolozu.contract.strict.search import is_whole
from yolozu.contract.sweep_draws import rounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optuna.distributions import BaseDistribution
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.study import Study

    from yolozu.contract.strict.search import Choice, Search, Values

Reports = tuple[tuple[int, float], ...]
"""Number of a validation, and the metric there."""

LEARNED_TRIES, TRIES = 20, 1000
"""Values that are asked for, at the most, to find some that no run has; behind the first ones they are random."""


@dataclass(frozen=True)
class KnownRun:
    """A run that decisions may look at.

    Attributes:
        values: what it was given.
        state: how it stands; nothing is learned from one that failed.
        value: its metric; None unless it is complete.
        reports: its validations.
    """

    values: Values
    state: Literal["complete", "pruned", "running", "failed"]
    value: float | None = None
    reports: Reports = ()


@dataclass(frozen=True)
class Decider:
    """Decides for a search, by a metric whose best is the least or the most."""

    search: Search
    lower_is_better: bool

    def next_values(self, known: Sequence[KnownRun]) -> Values | None:
        """The values of the run behind ``known``; None where no different ones are found."""
        from optuna.pruners import NopPruner

        taken = [digest_of(run.values) for run in known]
        for count in range(TRIES):
            seed = int(digest_of([self.search.seed, len(known), count])[:8], 16)
            study = self._study(known, self._sampler(seed, learns=count < LEARNED_TRIES), NopPruner())
            trial = study.ask({key: _distribution(choice) for key, choice in self.search.space.items()})
            values = {key: _value(self.search.space[key], found) for key, found in trial.params.items()}
            if digest_of(values) not in taken:
                return values
        return None

    def ends_at(self, known: Sequence[KnownRun], reports: Reports) -> int | None:
        """Number of the first of a run's validations at which its training is ended; None where it goes on.

        Args:
            known: the other runs.
            reports: its validations, in order.
        """
        trial = self._study(known, self._sampler(0, learns=False), self._pruner()).ask()
        for number, value in reports:
            trial.report(value, number)
            if trial.should_prune():
                return number
        return None

    def _study(self, known: Sequence[KnownRun], sampler: BaseSampler, pruner: BasePruner) -> Study:
        from optuna.trial import TrialState, create_trial

        study = _empty(self.lower_is_better, sampler, pruner)
        distributions = {key: _distribution(choice) for key, choice in self.search.space.items()}
        for run in known:
            if run.state == "failed":
                continue
            params = {key: _inner(self.search.space[key], value) for key, value in run.values.items()}
            study.add_trial(
                create_trial(
                    state=TrialState[run.state.upper()],
                    params=params,
                    distributions=distributions,
                    value=run.value if run.state == "complete" else None,
                    intermediate_values=dict(run.reports),
                    system_attrs=self._left_behind(run.reports, pruner),
                )
            )
        return study

    def _left_behind(self, reports: Reports, pruner: BasePruner) -> dict[str, Any]:
        """What successive halving notes of a run that has come so far: alone, it passes all rungs that it reaches."""
        from optuna.pruners import SuccessiveHalvingPruner

        if not isinstance(pruner, SuccessiveHalvingPruner):
            return {}
        study = _empty(self.lower_is_better, self._sampler(0, learns=False), pruner)
        trial = study.ask()
        for number, value in reports:
            trial.report(value, number)
            trial.should_prune()
        return dict(study.get_trials(deepcopy=False)[0].system_attrs)

    def _sampler(self, seed: int, *, learns: bool) -> BaseSampler:
        from optuna.samplers import RandomSampler, TPESampler

        asked = self.search.sampler
        if asked.name == "random" or not learns:
            return RandomSampler(seed=seed)
        return TPESampler(seed=seed, n_startup_trials=asked.startup_runs)

    def _pruner(self) -> BasePruner:
        from optuna.pruners import MedianPruner, NopPruner, SuccessiveHalvingPruner

        asked = self.search.pruner
        if asked is None:
            return NopPruner()
        if asked.name == "median":
            return MedianPruner(
                n_startup_trials=asked.startup_runs,
                n_warmup_steps=1 + asked.warmup_validations,  # steps below it end nothing, and ours count from 1
            )
        return SuccessiveHalvingPruner(min_resource=asked.min_validations, reduction_factor=asked.reduction_factor)


def _empty(lower_is_better: bool, sampler: BaseSampler, pruner: BasePruner) -> Study:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    direction = optuna.study.StudyDirection.MINIMIZE if lower_is_better else optuna.study.StudyDirection.MAXIMIZE
    return optuna.create_study(direction=direction, sampler=sampler, pruner=pruner)


def _distribution(choice: Choice) -> BaseDistribution:
    """Of a list, places: Optuna compares values, and lists and maps are none to it."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(choice, tuple):
        return CategoricalDistribution(tuple(range(len(choice))))
    if is_whole(choice):
        return IntDistribution(int(choice.min), int(choice.max), log=choice.log)
    return FloatDistribution(float(choice.min), float(choice.max), log=choice.log)


def _value(choice: Choice, found: Any) -> Any:
    if isinstance(choice, tuple):
        return choice[found]
    return int(found) if is_whole(choice) else rounded(found, choice)


def _inner(choice: Choice, value: Any) -> Any:
    return [digest_of(one) for one in choice].index(digest_of(value)) if isinstance(choice, tuple) else value
