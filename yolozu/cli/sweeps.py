"""Both kinds of sweep, one whose file states all runs and one that searches: what they say before they run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yolozu.app.sweep.building import build_sweep, counted_stages
from yolozu.app.sweep.ranked_runs import ranking
from yolozu.app.sweep.search import next_run_id
from yolozu.cli.render import counted, wrapped
from yolozu.engine.doit.shared_results import stale_part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from yolozu.app.sweep.planned_runs import PlannedRun
    from yolozu.app.sweep.search import OpenSearch
    from yolozu.contract.strict.sweep_file import LoadedSweep
    from yolozu.engine.doit.build_runs import RunEnd
    from yolozu.engine.doit.shared_results import StalePart
    from yolozu.engine.session import Session
    from yolozu.evaluation.comparison.ranking import Ranking


@dataclass(frozen=True)
class StatedSweep:
    """A sweep whose file states all runs."""

    sweep: LoadedSweep
    runs: Sequence[PlannedRun]
    part: StalePart

    @property
    def sessions(self) -> Sequence[Session]:
        """The runs."""
        return self.part.sessions

    def planned(self) -> Iterator[str]:
        """What would run."""
        return _stages(self.part)

    def plan_as_json(self) -> dict[str, Any]:
        """What would run, and what has the result of which other stage."""
        return {"sweep": self.sweep.run_id, **_stages_as_json(self.part)}

    def build(self, **how: Any) -> tuple[int, list[RunEnd]]:
        """As `build_sweep`."""
        return build_sweep(self.part, **how)

    def ranking(self) -> Ranking:
        """The runs, the best first."""
        return ranking(self.sweep, self.runs, self.sessions)


@dataclass(frozen=True)
class SearchedSweep:
    """A sweep whose runs are chosen one after another."""

    search: OpenSearch

    @property
    def sessions(self) -> Sequence[Session]:
        """The runs that are known."""
        return [one.session for one in self.search.runs]

    def planned(self) -> Iterator[str]:
        """What is known of what would run."""
        allowed, part = self.search.search, self._part()
        pruner = "no pruner" if allowed.pruner is None else f"pruner {allowed.pruner.name}"
        pruned = sum(one.pruned is not None for one in self.search.runs)
        done = len(self.search.runs) - pruned - len(part.sessions)
        counts = [f"{count} {word}" for count, word in ((done, "finished"), (pruned, "pruned")) if count]
        counts += [counted(len(part.sessions), "goes on", "go on")] if part.sessions else []
        counts.append(f"{self.search.to_choose} to be chosen")
        how = f"sampler {allowed.sampler.name}, seed {allowed.seed}, {pruner}"
        told = f"{counted(allowed.max_runs, 'run')}, chosen by Optuna ({how})"
        yield wrapped(f"{told}: {', '.join(counts)}", indent="", hanging="  ")
        if part.sessions:
            yield from _stages(part)
        following = next_run_id(self.search)
        if following is not None:
            yield f"the next run is {following}"
        if self.search.to_choose:
            most = self.search.to_choose * self.search.stages_a_run
            yield f"at most {counted(most, 'stage')} of runs that are to be chosen"
        if self.search.outside:
            yield wrapped(
                f"left out, because the file does not allow them any more: {', '.join(self.search.outside)}",
                indent="",
                hanging="  ",
            )

    def plan_as_json(self) -> dict[str, Any]:
        """What is known of what would run."""
        pruned = [one.run.run_id for one in self.search.runs if one.pruned is not None]
        return {
            "sweep": self.search.sweep.run_id,
            **_stages_as_json(self._part()),
            "pruned": pruned,
            "to_choose": self.search.to_choose,
            "next": next_run_id(self.search),
        }

    def build(self, **how: Any) -> tuple[int, list[RunEnd]]:
        """As `build_search`."""
        from yolozu.app.sweep.build_search import build_search

        return build_search(self.search, **how)

    def ranking(self) -> Ranking:
        """The runs that are known, the best first."""
        runs, pruned = self.search.runs, {one.run.run_id: one.pruned for one in self.search.runs if one.pruned}
        return ranking(self.search.sweep, [one.run for one in runs], self.sessions, pruned)

    def _part(self) -> StalePart:
        return stale_part([one.session for one in self.search.runs if one.is_left])


def _stages(part: StalePart) -> Iterator[str]:
    """``6 runs, 48 stages, 19 to run: train 6, prepare_data 1``."""
    stages = sum(len(session.plan.nodes) for session in part.sessions)
    counts = counted_stages(part)
    told = f": {', '.join(f'{name} {count}' for name, count in counts.items())}" if counts else ""
    head = f"{counted(len(part.sessions), 'run')}, {counted(stages, 'stage')}"
    yield wrapped(f"{head}, {sum(counts.values()) or 'none'} to run{told}", indent="", hanging="  ")
    if part.twins:
        yield f"{counted(len(part.twins), 'further one has', 'further ones have')} the result of another run"
    if part.stored:
        yield f"{counted(len(part.stored), 'further one is', 'further ones are')} in the store already"


def _stages_as_json(part: StalePart) -> dict[str, Any]:
    runs = {session.layout.run_id: [node.name for node in session.plan.nodes] for session in part.sessions}
    return {"runs": runs, "to_run": part.to_run, "same_as": dict(part.twins), "in_store": sorted(part.stored)}
