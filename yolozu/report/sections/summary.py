"""The numbers that a reader looks for first."""

from __future__ import annotations

from collections.abc import Iterator

from yolozu.report.markup import Child, Markup, element, joined
from yolozu.report.material import Material
from yolozu.report.page import number, warning

BOXES = (
    ("mAP", "map50_95", "mean average precision, IoU .50 to .95"),
    ("mAP, IoU .50", "map50", "a box counts from half an overlap"),
    ("Recall", "ar100", "average recall, 100 detections an image"),
)
POSES = (
    ("ADD(-S) < 0.1 d", "add_s_01d", ".3f", "", "objects found within a tenth of their diameter"),
    ("Rotation", "rot_deg_median", ".1f", "°", "median error of objects that were found"),
    ("Translation", "t_mm_median", ".1f", " mm", "median error of objects that were found"),
)


def summary(material: Material) -> Markup | None:
    """Headline numbers, counts, and all warnings of the evaluations."""
    figures = [*_boxes(material), *_poses(material)]
    said = [*material.notes, *_warnings(material)]
    if not figures and not said:
        return None
    shown = element("dl", *figures, class_="numbers") if figures else element("p", "Nothing was evaluated yet.")
    return joined(shown, _counts(material), *map(warning, said))


def _boxes(material: Material) -> Iterator[Markup]:
    if material.boxes is not None:
        for title, name, meaning in BOXES:
            yield _figure(title, number(material.boxes.metrics.get(name)), meaning)


def _poses(material: Material) -> Iterator[Markup]:
    if material.poses is not None:
        for title, name, form, unit, meaning in POSES:
            value = material.poses.metrics.get(name)
            yield _figure(title, number(value, form) + ("" if value is None else unit), meaning)


def _figure(title: str, value: str, meaning: str) -> Markup:
    return element("div", element("dt", title), element("dd", value, element("small", meaning)))


def _counts(material: Material) -> Child:
    if material.boxes is None or material.index is None:
        return None
    counts, index = material.boxes.counts, material.index
    return element(
        "p",
        f"Measured on {counts.images} images of the split “{index.split}” with {counts.ground_truth} objects of "
        f"{len(index.classes)} classes; {counts.detections} detections.",
        class_="note",
    )


def _warnings(material: Material) -> Iterator[str]:
    for report in (material.boxes, material.poses, material.scenarios):
        if report is not None:
            yield from report.warnings
