"""Slices of the data and perturbed pictures beside the clean ones."""

from __future__ import annotations

from yolozu.evaluation.scenarios.report import ScenarioRow
from yolozu.report.markup import Child, Markup, element, joined
from yolozu.report.material import Material
from yolozu.report.page import note, number, table


def scenarios(material: Material) -> Markup | None:
    """All scenarios in a table; None where none was asked for."""
    report = material.scenarios
    if report is None:
        return None
    rows = [report.clean, *([] if report.reference is None else [report.reference]), *report.scenarios]
    poses = any(row.pose_error_deg is not None for row in rows)
    head = ["scenario", "images", "objects", "mAP", "change", "recall"]
    head += ["ADD(-S) < 0.1 d", "rotation"] if poses else []
    said = note(
        f"A change is against the clean pictures: all of them for a slice, the same ones for a perturbation. "
        f"Measured on {report.dataset.images} images."
    )
    return joined(said, table(head, [_row(row, poses=poses) for row in rows], name="Scenarios"))


def _row(row: ScenarioRow, *, poses: bool) -> list[Child]:
    change = None if row.delta is None else row.delta.map50_95
    cells: list[Child] = [
        row.name,
        str(row.images),
        str(row.objects),
        number(row.map50_95),
        _signed(change),
        number(row.recall),
    ]
    if poses:
        degrees = row.pose_error_deg
        cells += [number(row.add_s_01d), number(degrees, ".1f") + ("" if degrees is None else "\u00b0")]
    return cells


def _signed(value: float | None) -> Child:
    """A change, and whether it is one for the worse; what rounds to nothing is none."""
    if value is None:
        return "\u2013"
    kind = "bad" if value <= -0.0005 else "good" if value >= 0.0005 else None
    return element("span", f"{value:+z.3f}".replace("-", "\u2212"), class_=kind)
