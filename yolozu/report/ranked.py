"""The runs of a sweep on a page: a table, and the best metric of each with its interval."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from yolozu.report.charts import value_chart
from yolozu.report.markup import joined
from yolozu.report.page import Section, figure, note, number, page, table

if TYPE_CHECKING:
    from yolozu.evaluation.comparison.ranking import RankedRun, Ranking
    from yolozu.report.markup import Child


def ranked_page(ranking: Ranking) -> str:
    """The page of a sweep."""
    measured = sum(run.metric is not None for run in ranking.runs)
    best = "the least is best" if ranking.lower_is_better else "the most is best"
    lead: list[Child] = [f"{len(ranking.runs)} runs, {measured} of them measured; by {ranking.metric}, {best}"]
    if ranking.interval is not None:
        drawing = ranking.interval
        lead.append(f"{100 * drawing.confidence:g} % intervals of {drawing.resamples} bootstraps over images")
    keys = list(dict.fromkeys(key for run in ranking.runs for key in run.values))
    head = ["run", *keys, "state", ranking.metric, "interval", "minutes"]
    rows = [_row(run, keys) for run in ranking.runs]
    sections = [Section("runs", "Runs", table(head, rows, name="Runs", texts=len(keys) + 2))]
    spread = [
        (run.run_id, run.metric, run.low, run.high)
        for run in ranking.runs
        if run.metric is not None and run.low is not None and run.high is not None
    ]
    if spread:
        chart = figure(ranking.metric, value_chart(spread, name=ranking.metric))
        said = "Intervals that overlap do not say that two runs are equal: yolozu compare A B draws both together."
        sections.append(Section("intervals", "Intervals", joined(chart, note(said))))
    return page(ranking.sweep, lead, sections)


def _row(run: RankedRun, keys: list[str]) -> list[Child]:
    interval = number(None) if run.low is None or run.high is None else f"{run.low:.3f} … {run.high:.3f}"
    values = [_shown(run.values[key]) if key in run.values else "" for key in keys]
    state = run.state if run.pruned is None else f"{run.state} at step {run.pruned.optim_step}: {run.pruned.value:.3f}"
    return [run.run_id, *values, state, number(run.metric), interval, number(run.minutes, ".1f")]


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
