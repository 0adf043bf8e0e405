"""`yolozu run`: build what is stale, in any directory."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from yolozu.cli.sessions import session_for
from yolozu.cli.render import show_findings

WORDS = "A contract file, stages or short names (train, export, parity, eval), and KEY=VALUE pairs."


def run(
    words: Annotated[list[str] | None, typer.Argument(help=WORDS, metavar="[CONFIG] [STAGE]… [KEY=VALUE]…")] = None,
    run_id: Annotated[str | None, typer.Option(help="Name of the run (as run_id=…).")] = None,
) -> None:
    """Build what is stale: `yolozu run exp.yaml eval run_id=exp01 lr=0.001` is `doit` without a checkout."""
    from yolozu.engine.build import Build, run_build

    session, names = session_for([] if words is None else words, run_id)
    show_findings(session.loaded.warnings)
    sys.exit(run_build(Build(session), names))
