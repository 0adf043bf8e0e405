"""How far estimated poses are from the true ones."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from yolozu.evaluation.pose.distribution import PoseDistribution
from yolozu.evaluation.pose.report import PoseClass
from yolozu.report.charts import Line, line_chart
from yolozu.report.markup import Child, Markup, element, joined
from yolozu.report.material import Material
from yolozu.report.page import figure, note, number, side_by_side, table

MOST_LINES = 7
SHOWN_SHARE = 0.95
"""Of the estimates, the better ones: where curves of errors end."""
COLUMNS = (
    ("ADD(-S) < 0.1 d", "add_s_01d", ".3f"),
    ("5\u00b0 and 5 cm", "within_5deg_5cm", ".3f"),
    ("rotation (\u00b0)", "rot_deg_median", ".1f"),
    ("translation (mm)", "t_mm_median", ".1f"),
    ("depth (mm)", "z_mm_median", ".1f"),
)


def poses(material: Material) -> Markup | None:
    """Curves over allowed errors and every class; None where the data have no poses."""
    report, found = material.poses, material.pose_distribution
    if report is None:
        return None
    rows = [row for row in report.per_class if row.ground_truth]
    head = ["class", "objects", "with an estimate", *(title for title, _, _ in COLUMNS)]
    counts = note(
        f"{report.counts.ground_truth} objects have a pose; {report.counts.matched} have an estimate of their class. "
        "Medians are over these, recalls over all objects. For symmetric objects the nearest pose that "
        "looks the same counts. Curves of errors end with the best 95 % of the estimates."
    )
    return joined(
        counts,
        None if found is None else side_by_side(list(_charts(found, rows))),
        element("h3", "Classes"),
        table(head, [_row(row) for row in rows], name="Poses by class"),
    )


def _charts(found: PoseDistribution, rows: list[PoseClass]) -> Iterator[Markup]:
    """What of all objects is found within an allowed error."""
    if found.add_recall_T is not None:
        chosen = [row for row in rows if row.index in found.add_recall_by_class][:MOST_LINES]
        shown = enumerate(chosen if len(chosen) > 1 else [], start=1)
        lines = [
            Line(row.name, _points(found.limits_cm_T, found.add_recall_by_class[row.index]), color=place)
            for place, row in shown
        ]
        lines.append(Line("all classes", _points(found.limits_cm_T, found.add_recall_T), color=0))
        yield _chart("Recall over allowed ADD(-S)", "ADD(-S) in cm", lines)
    for title, unit, errors in (
        ("Rotation", "degrees", found.rotation_deg),
        ("Translation", "mm", found.t_mm),
        ("Depth", "mm", found.z_mm),
    ):
        if len(errors):
            line = Line("objects", _shares(errors, found.objects), color=1)
            yield _chart(f"{title}: share of objects within an error", f"{title.lower()} error in {unit}", [line])


def _chart(title: str, x_name: str, lines: list[Line]) -> Markup:
    return figure(title, line_chart(lines, x_name=x_name, name=title, unit=True))


def _points(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[tuple[float, float]]:
    return list(zip(x.tolist(), y.tolist(), strict=True))


def _shares(errors: NDArray[np.float64], objects: int) -> list[tuple[float, float]]:
    """The share of ``objects`` whose error is at most x, without the largest errors, which would flatten the rest."""
    ordered = np.sort(errors)
    points = _points(ordered, np.arange(1, len(ordered) + 1) / objects)
    return [(0.0, 0.0), *points[: max(1, math.ceil(SHOWN_SHARE * len(points)))]]


def _row(row: PoseClass) -> list[Child]:
    shown = (number(row.metrics.get(name), form) for _, name, form in COLUMNS)
    return [row.name, str(row.ground_truth), str(row.matched), *shown]
