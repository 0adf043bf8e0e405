"""The runs of a sweep by what they are ranked by, as their receipts tell it; finished or not."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from yolozu.engine.failure import read_failure
from yolozu.engine.store.store import CAME_FROM
from yolozu.evaluation.pose.registry import LOWER_IS_BETTER
from yolozu.planning.receipt import Receipt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from yolozu.app.sweep.planned_runs import PlannedRun
    from yolozu.app.sweep.search_journal import Pruned
    from yolozu.contract.strict.sweep_file import LoadedSweep
    from yolozu.engine.session import Session
    from yolozu.evaluation.comparison.ranking import RankedRun, Ranking

MEASURED_BY = "evaluate"


def ranking(
    sweep: LoadedSweep,
    runs: Sequence[PlannedRun],
    sessions: Sequence[Session],
    pruned: Mapping[str, Pruned] = MappingProxyType({}),
) -> Ranking:
    """The runs, the best first; those without a value behind, in the sweep's order, those that were ended early last.

    Args:
        sweep: their file.
        runs: what their contracts are.
        sessions: they, opened.
        pruned: run -> where it was ended early.
    """
    from yolozu.evaluation.comparison.ranking import Ranking

    differing = _differing([run.values for run in runs])
    rows = [
        _row(sweep.metric, run, session, differing, pruned.get(run.run_id))
        for run, session in zip(runs, sessions, strict=True)
    ]
    lower = sweep.metric in LOWER_IS_BETTER

    def place(row: RankedRun) -> tuple[bool, bool, float]:
        return (
            row.pruned is not None,
            row.metric is None,
            0.0 if row.metric is None else row.metric if lower else -row.metric,
        )

    return Ranking(sweep=sweep.run_id, metric=sweep.metric, lower_is_better=lower, runs=sorted(rows, key=place))


def _differing(values: Sequence[Mapping[str, Any]]) -> list[str]:
    """Keys that are not the same in all runs; of a single run all."""
    keys = dict.fromkeys(key for run in values for key in run)
    return [
        key
        for key in keys
        if len(values) == 1 or any(key not in run or run[key] != values[0].get(key) for run in values)
    ]


def _row(metric: str, run: PlannedRun, session: Session, differing: Sequence[str], pruned: Pruned | None) -> RankedRun:
    from yolozu.evaluation.comparison.ranking import PrunedAt, RankedRun

    layout = session.layout
    receipts = [Receipt.readable(layout.receipt_path(node.name)) for node in session.plan.nodes]
    measured = next((one for one in receipts if one is not None and one.stage == MEASURED_BY), None)
    built = [receipt for receipt in receipts if receipt is not None]
    seconds = [0.0 if CAME_FROM in receipt.ran_on else receipt.seconds for receipt in built]
    state = _state(session, measured)
    at = None if pruned is None or state == "up to date" else pruned  # somebody has let it go on to its end
    return RankedRun(
        run_id=run.run_id,
        values={key: run.values[key] for key in differing if key in run.values},
        state=state if at is None else "pruned",
        metric=None if measured is None else measured.numbers.get(metric),
        low=None,
        high=None,
        pruned=None if at is None else PrunedAt(optim_step=at.optim_step, validation=at.validation, value=at.value),
        minutes=round(sum(seconds) / 60.0, 2) if seconds else None,
    )


def _state(session: Session, measured: Receipt | None) -> Any:
    verdicts = session.verdicts([MEASURED_BY])
    if any(read_failure(session.layout, one.node.name) is not None for one in verdicts if one.stale):
        return "failed"
    if measured is None:
        return "not built"
    return "stale" if any(one.stale for one in verdicts) else "up to date"


def write_ranked_page(ranked: Ranking, path: Path) -> None:
    """Replace the HTML page at ``path`` by one that shows the runs."""
    from yolozu.artifacts.jsonio import write_text
    from yolozu.report.ranked import ranked_page

    write_text(path, ranked_page(ranked))
