"""How the training went: losses, held-out metrics, learning rate, speed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from yolozu.report.charts import Line, line_chart
from yolozu.report.markup import Markup, joined
from yolozu.report.material import Material
from yolozu.report.page import details, figure, note, side_by_side

SUMS = ("total", "decoder", "denoising", "proposals")
"""Losses that are sums of others."""
HELD_OUT = (
    ("Held-out mAP", True, (("map50_95", "IoU .50 to .95"), ("map50", "IoU .50"))),
    ("Held-out poses", True, (("add_01d", "ADD < 0.1 d"), ("within_5deg_5cm", "5° and 5 cm"))),
    ("Rotation, median error (°)", False, (("rot_deg_median", "rotation"),)),
    ("Translation, median error (mm)", False, (("t_mm_median", "translation"),)),
)
MACHINE = (
    ("Learning rate", "lr"),
    ("Gradient norm", "grad_norm"),
    ("Images per second", "images_per_s"),
    ("Memory (MB)", "memory_mb"),
)

Rows = Sequence[dict[str, Any]]


def training(material: Material) -> Markup | None:
    """Curves over optimizer steps; None where nothing was trained here."""
    steps = [row for row in material.train_rows if row["kind"] == "train_step"]
    if not steps:
        return None
    held_out = [row for row in material.val_rows if row["kind"].startswith("val_")]
    curves = [
        _chart("Training loss", [_line(steps, "losses", "total", "loss of all decoder layers and helpers")]),
        _chart("Held-out loss", [_line(held_out, "losses", "total", "loss of the last layer")]),
    ]
    curves += [
        _chart(title, [_line(held_out, "metrics", key, name) for key, name in lines], unit=unit)
        for title, unit, lines in HELD_OUT
    ]
    machine = [_chart(title, [_line(steps, "metrics", key, title)]) for title, key in MACHINE]
    parts = [name for name in sorted(steps[-1]["losses"]) if name not in SUMS]
    losses = [_chart(name, [_line(steps, "losses", name, name)]) for name in parts]
    return joined(
        side_by_side(_there(curves)),
        note(_said(steps)),
        details("Parts of the loss, as they are weighted", side_by_side(_there(losses))),
        details("Learning rate, gradients, speed, memory", side_by_side(_there(machine))),
    )


def _said(steps: Rows) -> str:
    last = steps[-1]
    words = f"{last['step']} optimizer steps, into epoch {last['meta']['epoch']}."
    return f"{words} Point at a line to read its values; where steps are many, a point is the mean of its neighbors."


def _line(rows: Rows, group: str, key: str, name: str) -> Line:
    """A value over optimizer steps, without rows that lack it."""
    found = [(row["step"], row[group].get(key)) for row in rows]
    points = [(float(step), float(value)) for step, value in found if value is not None and math.isfinite(value)]
    return Line(name, points, dots=0 < len(points) <= 30 and group == "metrics")


def _chart(title: str, lines: Sequence[Line], *, unit: bool = False) -> Markup | None:
    """The lines that have points; None where none has."""
    drawn = [Line(line.name, line.points, line.dots, color=place) for place, line in enumerate(lines, 1) if line.points]
    return figure(title, line_chart(drawn, x_name="optimizer step", name=title, unit=unit)) if drawn else None


def _there(charts: Sequence[Markup | None]) -> list[Markup]:
    return [chart for chart in charts if chart is not None]
