"""`yolozu gc`: free the disk space of runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from yolozu.app.gc.collect import collect_runs
from yolozu.app.gc.policy import DEFAULT_METRIC, Policy
from yolozu.app.store import seconds_in
from yolozu.cli.options import Json
from yolozu.cli.render import counted, say, say_json, show_findings, wrapped
from yolozu.engine.store.size import size_in_words
from yolozu.engine.view.view import duration
from yolozu.errors import EXIT_DONE, EXIT_USAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.app.gc.collect import CollectedRun, CollectedRuns

MOST_LEFT = 3
"""Files named of those that stay in a run that goes."""


def gc(
    runs: Annotated[
        list[str] | None,
        typer.Argument(help="Runs that may go, by name or pattern ('rates-*'); left out, all.", metavar="RUN"),
    ] = None,
    *,
    keep: Annotated[
        list[str] | None, typer.Option(help="A run that stays, by name or pattern; may be repeated.", metavar="RUN")
    ] = None,
    keep_newest: Annotated[int | None, typer.Option(min=0, help="Keep the N runs built last.", metavar="N")] = None,
    keep_best: Annotated[
        int | None,
        typer.Option(min=0, help="Keep the N best by --metric, of those evaluated on the same images.", metavar="N"),
    ] = None,
    metric: Annotated[str, typer.Option(help="Metric of the evaluation.", metavar="NAME")] = DEFAULT_METRIC,
    older_than: Annotated[
        str | None, typer.Option(help="Only what was built at least so long ago: 30m, 12h, 7d.", metavar="TIME")
    ] = None,
    scratch: Annotated[
        bool, typer.Option("--scratch", help="Of runs that stay, delete what unfinished builds left.")
    ] = False,
    keep_store: Annotated[
        bool, typer.Option("--keep-store", help="Let the store keep the results of runs that go.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without it nothing is deleted.")] = False,
    as_json: Json = False,
) -> int:
    """Free the disk space of runs. It says what would go and why the rest stays; --yes deletes.

    What a run that stays names (weights, earlier runs, teachers) stays, and so does a run that is being built and every
    file that yolozu did not make. Results in the store go with the last run that has them.
    """
    age = None if older_than is None else seconds_in(older_than)
    policy = Policy(tuple(runs or ()), tuple(keep or ()), keep_best, keep_newest, age, metric)
    collected = collect_runs(policy, scratch=scratch, keep_store=keep_store, delete=yes)
    if as_json:
        say_json(json.dumps(_as_json(collected, metric, deleted=yes), indent=2))
    else:
        for line in _lines(collected, metric, policy, deleted=yes, scratch=scratch):
            say(line)
    show_findings(collected.problems)
    return EXIT_USAGE if collected.problems else EXIT_DONE


def _lines(collected: CollectedRuns, metric: str, policy: Policy, *, deleted: bool, scratch: bool) -> Iterator[str]:
    width = max((len(run.run) for run in collected.runs), default=0)
    for run in collected.runs:
        score = "" if run.score is None else f", {metric} {run.score:.3f}"
        size = size_in_words(run.size)
        frees = f"frees {size_in_words(run.freed)} of {size}"
        word = frees if run.goes else f"stays ({'; '.join(run.stays_for)}), {size}"
        text = f"{run.run:<{width}}  {word}, {duration(run.age_s)} old{score}"
        yield wrapped(text, indent="", hanging=" " * (width + 2))
        yield from _details(run)
    going = [run for run in collected.runs if run.goes]
    verb = "deleted" if deleted else "would be deleted"
    with_store = f" and {counted(len(collected.keys), 'result')} of the store" if collected.keys else ""
    yield f"{counted(len(going), 'run')}{with_store} {verb}, {size_in_words(collected.freed)} freed"
    if policy.says_nothing and not scratch:
        yield "say what may go: RUN names, --keep-newest N, --keep-best N, --older-than TIME, --scratch"
    elif not deleted and any(run.deleted for run in collected.runs):
        yield "nothing is deleted without --yes"
    if collected.in_store:
        yield f"results that no run has hold {size_in_words(collected.in_store)} more: yolozu store gc deletes them"


def _details(run: CollectedRun) -> Iterator[str]:
    """What of a run stays although it goes, or goes although it stays."""
    if not run.goes and run.deleted:
        lost = "" if run.unfinished is None else f"; {run.unfinished}: that is lost"
        yield wrapped(f"scratch frees {size_in_words(run.freed)}{lost}", indent="    ", hanging="      ")
    for path, reason in list(run.left.items())[:MOST_LEFT]:
        yield wrapped(f"{path} stays: {reason}", indent="    ", hanging="      ")
    if len(run.left) > MOST_LEFT:
        yield f"    {len(run.left) - MOST_LEFT} more files stay"


def _as_json(collected: CollectedRuns, metric: str, *, deleted: bool) -> dict[str, object]:
    return {
        "deleted": deleted,
        "metric": metric,
        "freed": collected.freed,
        "runs": [
            {
                "run": run.run,
                "goes": run.goes,
                "stays_for": list(run.stays_for),
                "size": run.size,
                "freed": run.freed,
                "age_s": round(run.age_s, 1),
                "score": run.score,
                "deleted": [path.as_posix() for path in run.deleted],
                "left": {path.as_posix(): reason for path, reason in run.left.items()},
            }
            for run in collected.runs
        ],
        "store": {"keys": list(collected.keys), "of_no_run": collected.in_store},
        "problems": [{"where": one.where, "problem": one.problem} for one in collected.problems],
    }
