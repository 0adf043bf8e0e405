"""`yolozu plot-metrics`: curves of metrics files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from yolozu.app.plotted_metrics import PlotRequest, plot_metrics
from yolozu.cli.render import counted, say

LOSS = ["loss"]
NONE: list[Any] = []
"""What typer takes for options that may be repeated; nothing changes it."""


def plot(
    jsonl: Annotated[
        list[Path], typer.Option("--jsonl", help="Metrics file of a training; several to compare.", metavar="FILE")
    ] = NONE,
    out: Annotated[Path, typer.Option(help="Picture to write: .png or .svg.", metavar="FILE")] = Path("metrics.png"),
    run_id: Annotated[
        list[str], typer.Option(help="Run whose metrics to draw; several to compare.", metavar="NAME")
    ] = NONE,
    key: Annotated[
        list[str], typer.Option(help="What to draw: loss, loss_box, lr, map50_95, …; a chart each.", metavar="KEY")
    ] = LOSS,
    smooth: Annotated[int, typer.Option(min=1, help="Draw means of so many training values.", metavar="N")] = 1,
) -> None:
    """Draw losses, metrics and learning rates of trainings over their optimizer steps."""
    charts = plot_metrics(PlotRequest(jsonl, run_id, key, out, smooth))
    curves = sum(len(chart.lines) for chart in charts)
    say(f"{out}: {counted(curves, 'curve')} of {', '.join(chart.name for chart in charts)}")
