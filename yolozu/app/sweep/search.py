"""The runs of a search as they are now, by the journal and by their own files; what is still to be chosen."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from yolozu.app.runs_of_a_file import LooksOnce
from yolozu.app.sweep.planned_runs import forgotten_files, num_stages, open_run, planned_run
from yolozu.app.sweep.ranked_runs import MEASURED_BY
from yolozu.app.sweep.search_journal import Chosen, Pruned, SearchJournal
from yolozu.app.sweep.study import Decider, KnownRun
from yolozu.app.sweep.validations import validations_of
from yolozu.artifacts.digest import digest_of
from yolozu.errors import ContractError, UsageError
from yolozu.evaluation.pose.registry import LOWER_IS_BETTER
from yolozu.paths import search_journal_path
from yolozu.planning.receipt import Receipt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolozu.app.sweep.planned_runs import PlannedRun
    from yolozu.app.sweep.validations import ValidationMetric
    from yolozu.contract.strict.search import Search, Values
    from yolozu.contract.strict.sweep_file import LoadedSweep
    from yolozu.engine.open_session import LookAtData
    from yolozu.engine.session import Session

State = Literal["complete", "pruned", "running", "failed"]


@dataclass
class SearchedRun:
    """A run that was chosen.

    Attributes:
        run: what its contract is.
        session: it, opened.
        pruned: where its training was ended early, under this contract; None where it was not.
        failed: whether building it has failed in this command.
    """

    run: PlannedRun
    session: Session
    pruned: Pruned | None = None
    failed: bool = False
    _settled: KnownRun | None = field(default=None, repr=False)

    @property
    def is_left(self) -> bool:
        """Whether anything of it is still to be built."""
        return self.pruned is None and self.stages_left > 0

    @property
    def stages_left(self) -> int:
        """Stages that are not up to date, whether or not they will be built."""
        return sum(verdict.stale for verdict in self.session.verdicts([]))

    def known(self, metric: str) -> KnownRun:
        """It as decisions see it."""
        if self._settled is not None:
            return self._settled
        value = self._measured(metric)
        state: State = "complete"
        if value is None:
            state = "pruned" if self.pruned is not None else "failed" if self.failed else "running"
        reports = [(one.number, one.value) for one in self._validations(metric)]
        found = KnownRun(self.run.values, state, value, tuple(reports))
        if state in ("complete", "pruned"):
            self._settled = found
        return found

    def _validations(self, metric: str) -> list[ValidationMetric]:
        """Those that count: behind the one that has ended it, a training may have had one more until it heard of it."""
        found = validations_of(self.session, metric)
        if self.pruned is None:
            return found
        return [one for one in found if one.number <= self.pruned.validation]

    def _measured(self, metric: str) -> float | None:
        """The metric of its evaluation; None where that does not stand."""
        if any(verdict.stale for verdict in self.session.verdicts([MEASURED_BY])):
            return None
        receipt = Receipt.readable(self.session.layout.receipt_path(MEASURED_BY))
        found = None if receipt is None else receipt.numbers.get(metric)
        return None if found is None else float(found)


@dataclass
class OpenSearch:
    """A search.

    Attributes:
        sweep: its file.
        search: what may be chosen.
        journal: what was decided.
        runs: those that were chosen and that the file still allows, in that order.
        outside: names of those that it does not allow any more.
        argv: the command line, for the record.
    """

    sweep: LoadedSweep
    search: Search
    journal: SearchJournal
    runs: list[SearchedRun]
    outside: list[str]
    argv: Sequence[str]

    @property
    def to_choose(self) -> int:
        """How many runs are still to be chosen."""
        return self.search.max_runs - len(self.runs)

    @property
    def stages_a_run(self) -> int:
        """Stages of a run."""
        return num_stages(self.sweep, self.search.probes()[0])

    @property
    def is_lower_better(self) -> bool:
        """Whether the best is the least."""
        return self.sweep.metric in LOWER_IS_BETTER

    def decider(self) -> Decider:
        """What Optuna decides."""
        return Decider(self.search, self.is_lower_better)

    def known(self, *, without: SearchedRun | None = None) -> list[KnownRun]:
        """The runs as decisions see them."""
        return [one.known(self.sweep.metric) for one in self.runs if one is not without]

    def decided_by(self, run: PlannedRun) -> str:
        """Digest of all that an end of this run's training is decided by, besides other runs."""
        pruner = None if self.search.pruner is None else self.search.pruner.model_dump(mode="json")
        return digest_of([run.digest, self.sweep.metric, pruner])

    def next_values(self) -> Values | None:
        """What the next run is given; None where there is no different one."""
        return self.decider().next_values(self.known())

    def open_next(self, values: Values) -> SearchedRun:
        """The next run, opened. Nothing is written.

        Raises:
            YolozuError: its contract or the data cannot be used.
        """
        run = self.search.run(values, [one.run.values for one in self.runs])
        planned = planned_run(self.sweep, run)
        return SearchedRun(planned, open_run(self.sweep, planned, self.argv, LooksOnce()))

    def take(self, found: SearchedRun) -> None:
        """Make a run one of the search, durably."""
        chosen = Chosen(number=len(self.journal.chosen), run_id=found.run.run_id, values=found.run.values)
        self.journal.add(chosen)
        self.runs.append(found)

    def require_current(self) -> None:
        """Refuse to go on with what another command has changed since it was read.

        Raises:
            UsageError: YZ732.
        """
        if SearchJournal.read(self.journal.path) != self.journal:
            raise UsageError.one(
                "YZ732",
                where=str(self.journal.path),
                problem=f"the search {self.sweep.run_id} was gone on with by another command meanwhile",
                fix="run the same command again",
            )

    def prune(self, one: SearchedRun, at: ValidationMetric) -> None:
        """Decide that a run's training ends, durably."""
        one.pruned = Pruned(
            run_id=one.run.run_id,
            decided_by=self.decided_by(one.run),
            validation=at.number,
            optim_step=at.optim_step,
            value=at.value,
        )
        self.journal.add(one.pruned)


def open_search(sweep: LoadedSweep, argv: Sequence[str]) -> OpenSearch:
    """A search as it is now. Nothing is written.

    Raises:
        YolozuError: the journal, a contract or the data cannot be used.
    """
    assert sweep.search is not None, "the file searches"
    journal = SearchJournal.read(search_journal_path(sweep.run_id))
    allowed = [one for one in journal.chosen if sweep.search.holds(one.values)][: sweep.search.max_runs]
    outside = [one.run_id for one in journal.chosen if one not in allowed]
    findings = list(forgotten_files(sweep, [one.run_id for one in allowed]))
    if findings:
        raise ContractError(findings)
    once = LooksOnce()
    found = OpenSearch(sweep, sweep.search, journal, [], outside, argv)
    found.runs += [_opened(found, one, once) for one in allowed]
    return found


def _opened(search: OpenSearch, chosen: Chosen, look_at: LookAtData) -> SearchedRun:
    run = planned_run(search.sweep, search.search.named(chosen.run_id, chosen.values))
    pruned = search.journal.pruned.get(chosen.run_id)
    holds = pruned is not None and pruned.decided_by == search.decided_by(run)
    return SearchedRun(run, open_run(search.sweep, run, search.argv, look_at), pruned if holds else None)


def next_run_id(search: OpenSearch) -> str | None:
    """Name of the run that is chosen next; None where none is, or where that depends on runs that go on."""
    if search.to_choose < 1 or any(one.is_left for one in search.runs):
        return None
    values = search.next_values()
    return None if values is None else search.search.run(values, [one.run.values for one in search.runs]).run_id


def require_optuna(search: Search) -> None:
    """Refuse to search without the package that does it.

    Raises:
        UsageError: YZ730.
    """
    if find_spec("optuna") is None:
        raise UsageError.one(
            "YZ730",
            where=search.place,
            problem="needs the package optuna, which is not installed",
            fix="pip install 'yolozu[optuna]', or name the runs with grid, list or random",
        )
