"""`yolozu store`: results that are kept by what they were made of, for every run that asks for the same."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from yolozu.app.store import (
    collect,
    damaged_results,
    remote_condition,
    remote_results,
    seconds_in,
    stored_results,
)
from yolozu.cli.options import Json
from yolozu.cli.render import counted, say, say_json, table
from yolozu.engine.store.size import size_in_words
from yolozu.engine.view.view import duration
from yolozu.errors import EXIT_DONE, EXIT_REFUSED

SHOWN = 12
"""Digits of a key that tell it apart well enough."""


Remote = Annotated[
    str | None,
    typer.Option(help="The remote store there instead, such as s3://bucket/prefix.", metavar="URL", show_default=False),
]


def ls(*, remote: Remote = None, as_json: Json = False) -> None:
    """Results in `runs/.store`: the stage, the runs that have it, size and age."""
    results = stored_results() if remote is None else remote_results(remote)
    if as_json:
        say_json(json.dumps({"results": [asdict(one) for one in results]}, indent=2))
        return
    rows = [
        (one.key[:SHOWN], one.stage or "unreadable", size_in_words(one.size), duration(one.age_s), ", ".join(one.runs))
        for one in results
    ]
    if rows:
        say(table(("key", "stage", "size", "age", "runs"), rows))
    free = [one.size for one in results if not one.runs]
    total = size_in_words(sum(one.size for one in results))
    say(f"{counted(len(results), 'result')}, {total}; no run has {len(free)} of them, {size_in_words(sum(free))}")


def gc(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
    older_than: Annotated[
        str, typer.Option(help="Only what was kept at least so long ago: 30m, 12h, 7d.", metavar="TIME")
    ] = "0m",
    as_json: Json = False,
) -> None:
    """Delete results that no receipt of a run below `runs/` names. What runs hold stays, wherever they are."""
    collected = collect(older_than_s=seconds_in(older_than), dry_run=dry_run)
    if as_json:
        say_json(json.dumps({**asdict(collected), "dry_run": dry_run}, indent=2))
        return
    verb = "would be deleted" if dry_run else "deleted"
    say(f"{counted(len(collected.keys), 'result')} {verb}, {size_in_words(collected.freed)} freed")


def verify(*, remote: Remote = None, as_json: Json = False) -> int:
    """Read every file of the store again and compare its digest; exit 1 when one differs."""
    condition = None if remote is None else remote_condition(remote)
    damaged = damaged_results() if condition is None else condition.damaged
    if as_json:
        unfinished = {} if condition is None else {"unfinished": condition.unfinished}
        say_json(json.dumps({"damaged": damaged, **unfinished}, indent=2))
    else:
        if condition is not None and condition.unfinished:
            say(f"{counted(len(condition.unfinished), 'upload')} without a record: cut short, or under way; not used")
        for key, paths in damaged.items():
            say(f"{key[:SHOWN]}: {', '.join(paths)}")
        say(counted(len(damaged), "damaged result"))
    return EXIT_REFUSED if damaged else EXIT_DONE
