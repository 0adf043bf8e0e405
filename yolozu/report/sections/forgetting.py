"""What became of earlier tasks: every class before and after, and all tasks after each of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from yolozu.evaluation.forgetting.report import EarlierTask, ForgettingReport, ForgottenClass, Numbers
from yolozu.report.change_chart import change_chart
from yolozu.report.markup import Child, Markup, element, joined
from yolozu.report.material import Material
from yolozu.report.page import figure, note, number, side_by_side, table

AVERAGES = (
    ("Average mAP", "average", ".3f", "of all tasks after the last one"),
    ("Forgetting", "forgetting", ".3f", "mean fall of the earlier tasks from the best that was reached"),
    ("Backward transfer", "backward_transfer", "+.3f", "mean change of the earlier tasks since each was learned"),
)
SHOWN_CLASSES = 25
"""Rows of a chart: with more, nobody reads it."""


def forgetting(material: Material) -> Markup | None:
    """Averages, the matrix of tasks, and a chart and a table of each earlier task; None for a first task."""
    report = material.forgetting
    if report is None:
        return None
    figures = [
        element(
            "div", element("dt", title), element("dd", _signed(getattr(report, key), form), element("small", meant))
        )
        for title, key, form, meant in AVERAGES
    ]
    said = note(
        f"The held-out images of every earlier task, as its own run predicted them and as this one does. An object is "
        f"localized when a detection with a score of at least {report.score_threshold:g} overlaps it by half, whatever "
        "its class, and recognized when the one that overlaps it most has the right class: a detector that still sees "
        "an object may have forgotten what it is."
    )
    return joined(
        element("dl", *figures, class_="numbers"), said, *_matrix(report), *(_task(task) for task in report.earlier)
    )


def _signed(value: float | None, form: str) -> str:
    return number(value, form).replace("-", "\u2212")


def _matrix(report: ForgettingReport) -> Iterator[Markup]:
    yield element("h3", "mAP of each task after each task")
    head = element("tr", element("th", "after \u2193  on \u2192", scope="col"), *map(_title, report.tasks))
    rows = [
        element("tr", element("th", task, scope="row"), *map(_cell, values))
        for task, values in zip(report.tasks, report.matrix, strict=True)
    ]
    whole = element("table", element("thead", head), element("tbody", *rows), class_="matrix")
    yield element("div", whole, class_="scroll", role="region", aria_label="mAP of each task", tabindex=0)


def _title(text: str) -> Markup:
    return element("th", text, scope="col", class_="n")


def _cell(value: float | None) -> Markup:
    """A value on a ground as deep as it is high."""
    if value is None:
        return element("td", "\u00b7", class_="n none")
    ground = f"background:color-mix(in srgb,var(--c1) {round(60 * value)}%,transparent)"
    return element("td", f"{value:.3f}", class_="n", style=ground)


def _task(task: EarlierTask) -> Markup:
    measured = [row for row in task.per_class if row.ground_truth]
    charts = [
        figure(title, change_chart(rows[:SHOWN_CLASSES], name=f"{title} of {task.task}, before and after"))
        for title, key in (("Average precision", "map50_95"), ("Recognition", "recognition"))
        if (rows := _pairs(measured, key))
    ]
    return joined(
        element("h3", f"{task.task}, {task.images} images"),
        side_by_side(charts) if charts else None,
        _table(task, measured),
    )


def _pairs(rows: Sequence[ForgottenClass], key: str) -> list[tuple[str, float, float]]:
    """Name, before and after; of an object that is not found at all, nothing is recognized."""
    found = []
    for row in rows:
        before, after = getattr(row.before, key), getattr(row.after, key)
        if before is not None:
            found.append((row.name, before, 0.0 if after is None else after))
    return sorted(found, key=lambda one: one[2] - one[1])


def _table(task: EarlierTask, rows: Sequence[ForgottenClass]) -> Markup:
    poses = task.before.add_s_01d is not None
    head = ["class", "objects", "AP", "localized", "recognized", *(["ADD(-S) < 0.1 d", "rotation"] if poses else [])]
    objects = sum(row.ground_truth for row in rows)
    lines = [_row(row.name, row.ground_truth, row.before, row.after, poses=poses) for row in rows]
    whole = _row("all classes", objects, task.before, task.after, poses=poses)
    return table(head, [*lines, whole], name=f"Classes of {task.task}, before and after")


def _row(name: str, objects: int, before: Numbers, after: Numbers, *, poses: bool) -> list[Child]:
    cells: list[Child] = [name, str(objects)]
    for key in ("map50_95", "localization", "recognition", *(["add_s_01d"] if poses else [])):
        then, now = getattr(before, key), getattr(after, key)
        cells.append(_change(number(then), number(now), _difference(then, now)))
    if poses:
        then, now = before.rot_deg_median, after.rot_deg_median
        cells.append(_change(_degrees(then), _degrees(now), _difference(now, then)))
    return cells


def _degrees(value: float | None) -> str:
    return number(value, ".1f") + ("" if value is None else "\u00b0")


def _difference(then: float | None, now: float | None) -> float:
    return 0.0 if then is None or now is None else now - then


def _change(then: str, now: str, gain: float) -> Child:
    """A value before and after, and whether it is worse or better; a hundredth is neither."""
    kind = "bad" if gain <= -0.01 else "good" if gain >= 0.01 else None
    return joined(f"{then} \u2192 ", element("span", now, class_=kind))
