"""`yolozu doctor`: is this machine fit, can the data be read, and will the network learn."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from yolozu.app.doctor.examine import examine
from yolozu.app.doctor.verdicts import exit_code
from yolozu.app.sessions import session_for
from yolozu.cli.options import Json, RunId
from yolozu.cli.render import say, say_json, show_findings, wrapped
from yolozu.progress import on_stderr

if TYPE_CHECKING:
    from yolozu.app.doctor.verdicts import Verdict

Words = Annotated[
    list[str] | None,
    typer.Argument(
        help="A contract file and KEY=VALUE pairs; run_id=… takes the contract of a run.", metavar="CONFIG|KEY=VALUE"
    ),
]
TITLE = 20
"""Columns of state and name."""


def doctor(
    words: Words = None,
    run_id: RunId = None,
    *,
    minutes: Annotated[float, typer.Option(min=0.1, max=600, help="For the trainings, about.")] = 3.0,
    no_training: Annotated[bool, typer.Option("--no-training", help="Only machine and data; seconds.")] = False,
    as_json: Json = False,
) -> int:
    """Look at machine, data and network before hours of training: a line each, and what to do about it.

    Trains the contract's network on a few of its pictures: eight that it has to learn by heart, and others with right
    and with shuffled labels, of which the right ones must teach it more about held-out pictures. Writes nothing into a
    run. Exits 1 where something is wrong.
    """
    session, _ = session_for(words, run_id, strict=False, may_begin=False, progress=on_stderr)
    show_findings(session.loaded.warnings)
    found = []
    for verdict in examine(session, minutes=None if no_training else minutes, say=_say):
        found.append(verdict)
        if not as_json:
            say(_lines(verdict), flush=True)
    code = exit_code(found)
    if as_json:
        rows = [dataclasses.asdict(verdict) for verdict in found]
        say_json(json.dumps({"ok": code == 0, "verdicts": rows}, indent=2, ensure_ascii=False))
    return code


def _say(line: str) -> None:
    say(f"  {line}", file=sys.stderr, flush=True)


def _lines(verdict: Verdict) -> str:
    title, hanging = f"{verdict.state:<8} {verdict.name:<10} ", " " * TITLE
    said = wrapped(verdict.said, indent=title, hanging=hanging)
    return f"{said}\n{wrapped(verdict.advice, indent=hanging, hanging=hanging)}" if verdict.advice else said
