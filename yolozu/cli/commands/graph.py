"""`yolozu graph`: the plan drawn."""

from __future__ import annotations

import shutil
from typing import Annotated

import typer

from yolozu.app.plan_graph import GraphFormat, graph_lines
from yolozu.app.sessions import session_for
from yolozu.cli.flags import unlisted_contract_flags
from yolozu.cli.options import Config, RunDir, RunId, RunWords
from yolozu.cli.render import WIDTH, say
from yolozu.contract.overrides import Override
from yolozu.progress import on_stderr


@unlisted_contract_flags
def graph(
    words: RunWords = None,
    run_id: RunId = None,
    run_dir: RunDir = None,
    config: Config = None,
    *,
    form: Annotated[
        GraphFormat, typer.Option("--format", help="text, mermaid (GitHub and pages show it) or dot (Graphviz).")
    ] = "text",
    overrides: list[Override],
) -> None:
    """The plan as a graph: stages, the files between them, and how each stage stands. Nothing is written."""
    session, names = session_for(
        words, run_id, overrides, run_dir=run_dir, config=config, may_begin=False, progress=on_stderr
    )
    width = shutil.get_terminal_size((WIDTH, 24)).columns
    for line in graph_lines(session, names, form, width):
        say(line)
