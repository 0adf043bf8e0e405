"""`yolozu report`: the page of a run that is there already."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yolozu.app.reporting import report_on
from yolozu.cli.options import in_range
from yolozu.cli.render import say, wrapped


def report(
    run: Annotated[
        str | None,
        typer.Argument(help="Run below runs/, or its directory; left out, the one built last.", metavar="[RUN]"),
    ] = None,
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "--out", help="The page; left out, RUN-report.html here.", metavar="FILE"),
    ] = None,
    pictures: Annotated[int | None, in_range("report_pictures", "Pictures shown, worst and best together.")] = None,
    score_threshold: Annotated[
        float | None, in_range("report_score_threshold", "Least score of a detection that is shown.")
    ] = None,
) -> None:
    """Show how a run went, finished or not, in one HTML page that needs no network. The run stays as it is."""
    done = report_on(run, output, pictures=pictures, score=score_threshold)
    for note in done.notes:
        say(wrapped(note, indent="", hanging="  "))
    say(f"{done.run}: {done.path} ({done.size / 1e6:.1f} MB)")
