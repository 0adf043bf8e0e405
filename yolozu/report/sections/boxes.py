"""Precision over recall, and every class by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from yolozu.evaluation.boxes.report import CocoClass
from yolozu.predict.pictures.drawing import color_of
from yolozu.report.charts import Line, line_chart
from yolozu.report.markup import Child, Markup, element, joined
from yolozu.report.material import Material
from yolozu.report.page import details, figure, note, number, side_by_side, table

MOST_LINES = 7
"""Classes with a line of their own; the others are in the table."""
SHOWN_CLASSES = 25
"""Rows of the table that are open."""
COLUMNS = (("AP", "map50_95"), ("AP .50", "map50"), ("AP .75", "map75"), ("recall", "ar100"))


def boxes(material: Material) -> Markup | None:
    """The curve of all classes and of the most frequent ones, and a table; None where no box was evaluated."""
    report = material.boxes
    if report is None or report.dry_run:
        return None
    rows = sorted(report.per_class, key=lambda row: (-row.ground_truth, row.index))
    return joined(_curves(material, rows), *_table([row for row in rows if row.ground_truth or row.detections]))


def _curves(material: Material, rows: Sequence[CocoClass]) -> Child:
    found = material.diagnosis
    if found is None or found.precision_R is None:
        return None
    frequent = [row for row in rows if row.ground_truth][:MOST_LINES]
    shown = enumerate(frequent if len(frequent) > 1 else [], start=1)
    lines = [Line(row.name, _points(found.precision_RK[:, row.index]), color=place) for place, row in shown]
    lines.append(Line("all classes", _points(found.precision_R), color=0))
    chart = line_chart(lines, x_name="recall", name="Precision over recall, IoU .50", unit=True, whole_x=False)
    many = len([row for row in rows if row.ground_truth]) > MOST_LINES
    said = f"The {MOST_LINES} most frequent classes and the mean of all." if many else "Every class and their mean."
    return side_by_side([figure("Precision over recall, IoU .50", chart), element("div", note(_how_to_read(said)))])


def _how_to_read(said: str) -> str:
    return (
        f"{said} From left to right ever more objects are found, at the price of more detections that are of none. "
        "A curve that stays high has few of those; where it falls to 0, objects are not found at any score."
    )


def _points(precision_R: NDArray[np.float64]) -> list[tuple[float, float]]:
    return [(place / (len(precision_R) - 1), float(value)) for place, value in enumerate(precision_R)]


def _table(rows: Sequence[CocoClass]) -> Iterator[Markup]:
    if not rows:
        return
    head = ["class", "objects", "detections", *(title for title, _ in COLUMNS)]
    yield element("h3", "Classes, the most frequent first")
    yield table(head, [_row(row) for row in rows[:SHOWN_CLASSES]], name="Classes")
    if len(rows) > SHOWN_CLASSES:
        rest = table(head, [_row(row) for row in rows[SHOWN_CLASSES:]], name="Further classes")
        yield details(f"{len(rows) - SHOWN_CLASSES} further classes", rest)


def _row(row: CocoClass) -> list[Child]:
    red, green, blue = color_of(row.id)
    chip = element("span", class_="chip", style=f"background:rgb({red},{green},{blue})")
    return [
        joined(chip, row.name),
        str(row.ground_truth),
        str(row.detections),
        *(number(row.metrics.get(name)) for _, name in COLUMNS),
    ]
