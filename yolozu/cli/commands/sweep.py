"""`yolozu sweep`: runs whose contracts differ in a few keys."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolozu.app.outputs import require_writable
from yolozu.app.sweep.building import open_runs
from yolozu.app.sweep.intervals import with_intervals
from yolozu.app.sweep.planned_runs import planned_runs
from yolozu.app.sweep.ranked_runs import write_ranked_page
from yolozu.app.sweep.search import open_search, require_optuna
from yolozu.cli.options import Events, Quiet
from yolozu.cli.render import counted, number, say, say_json, show_findings, table
from yolozu.cli.sweeps import SearchedSweep, StatedSweep
from yolozu.engine.view.several import SeveralJson, SeveralQuiet, several_view_for
from yolozu.errors import EXIT_DONE, EXIT_INTERRUPTED
from yolozu.progress import progress_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolozu.engine.doit.build_runs import RunEnd
    from yolozu.evaluation.comparison.ranking import RankedRun, Ranking


def sweep(
    config: Annotated[Path, typer.Argument(help="Sweep file (YAML or JSON).", metavar="CONFIG")],
    *,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would run. Nothing is written.")] = False,
    ranks: Annotated[bool, typer.Option("--table", help="Rank the runs as they are, and build nothing.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-n", min=1, help="Stages that run at once.")] = 1,
    gpus: Annotated[
        int | None, typer.Option(min=0, help="GPUs to give out, one a stage; left out, with -n, all there are.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page that shows the runs.", metavar="FILE")] = None,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Begin nothing more once a run has failed.")] = False,
    quiet: Quiet = False,
    as_json: Events = False,
) -> int:
    """Build runs whose contracts differ in a few keys, and rank them; what is equal in several is built once.

    A run that fails does not keep the others from being built; all that failed are named at the end.
    """
    require_writable({"--html": html}, [config])
    found, runs = planned_runs(config)
    show_findings(dict.fromkeys(warning for run in runs for warning in run.warnings))
    if found.search is None:
        opened: StatedSweep | SearchedSweep = StatedSweep(found, runs, open_runs(found, runs, sys.argv))
    else:
        if not ranks:
            require_optuna(found.search)
        opened = SearchedSweep(open_search(found, sys.argv))
    if plan:
        if as_json:
            say_json(json.dumps(opened.plan_as_json(), indent=2))
        else:
            say("\n".join(opened.planned()))
        return EXIT_DONE
    code = EXIT_DONE
    ends: list[RunEnd] = []
    if not ranks:
        quietly = quiet or as_json
        say("" if quietly else "\n".join([*opened.planned(), ""]), end="", flush=True)
        code, ends = opened.build(
            jobs=jobs,
            gpus=gpus,
            fail_fast=fail_fast,
            view_of=lambda total: (
                SeveralJson() if as_json else SeveralQuiet() if quiet else several_view_for(found.run_id, total)
            ),
        )
    layouts = {session.layout.run_id: session.layout for session in opened.sessions}
    ranked = with_intervals(opened.ranking(), layouts, progress_for(sys.stderr))
    if html is not None:
        write_ranked_page(ranked, html)
    if as_json:
        say_json(ranked.model_dump_json() if ranks else json.dumps(_end_as_json(ranked, ends, code)), flush=True)
        return code
    say("\n".join(_ranked(ranked)))
    say("".join(f"{line}\n" for line in _failures(ends)), end="", file=sys.stderr)
    if code == EXIT_INTERRUPTED:
        say(f"the same command goes on: yolozu sweep {config}", file=sys.stderr)
    return code


def _ranked(found: Ranking) -> Iterator[str]:
    """Runs by metric, with the keys that differ."""
    keys = list(dict.fromkeys(key for run in found.runs for key in run.values))
    rows = [
        [
            run.run_id,
            *(_shown(run.values[key]) if key in run.values else "" for key in keys),
            _measured(run),
            "" if run.low is None else f"{number(run.low)} .. {number(run.high)}",
            number(run.minutes, 1),
        ]
        for run in found.runs
    ]
    yield table(["run", *keys, found.metric, "interval", "minutes"], rows, numbers=True)


def _measured(run: RankedRun) -> str:
    """The metric, and what is to know of it: ``0.5000``, ``- (not built)``, ``0.0312 (pruned at step 16)``."""
    if run.pruned is not None:
        return f"{number(run.pruned.value)} (pruned at step {run.pruned.optim_step})"
    return number(run.metric) if run.state == "up to date" else f"{number(run.metric)} ({run.state})"


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _failures(ends: Sequence[RunEnd]) -> Iterator[str]:
    failed = [end for end in ends if end.exit_code != EXIT_DONE]
    if failed:
        yield f"{len(failed)} of {counted(len(ends), 'run')} not built:"
        yield from (f"  {end.run_id}{f'/{end.stage}' if end.stage else ''}: {end.said}" for end in failed)


def _end_as_json(found: Ranking, ends: Sequence[RunEnd], code: int) -> dict[str, Any]:
    """The last line: how the sweep ended."""
    return {
        "event": "sweep_ends",
        "sweep": found.sweep,
        "exit_code": code,
        "runs": [
            {"run_id": end.run_id, "exit_code": end.exit_code, "stage": end.stage, "said": end.said} for end in ends
        ],
        "ranking": found.model_dump(mode="json"),
    }
