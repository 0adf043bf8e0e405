"""Two predictions of the same images on a page: every number with the interval of its difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yolozu.evaluation.comparison.report import ComparedNumber, CompareReport
from yolozu.evaluation.pose.registry import LOWER_IS_BETTER
from yolozu.report.charts import interval_chart
from yolozu.report.markup import Child, Markup, element, joined
from yolozu.report.page import Section, details, figure, note, number, page, table, warning

LEADING = "map50_95"
SHOWN_CLASSES = 20


def compared_page(report: CompareReport, titles: Mapping[str, str]) -> str:
    """The page of a comparison.

    Args:
        report: what was measured.
        titles: key -> words, of COCO's numbers and of poses, in the order of the page.
    """
    counts, interval = report.counts, report.interval
    lead: list[Child] = [
        f"A: {report.a.name}",
        f"B: {report.b.name}",
        f"{counts.images} images, {counts.ground_truth} objects; {100 * interval.confidence:g} % intervals of "
        f"{interval.resamples} paired bootstraps over images",
    ]
    sections = [Section("boxes", "Boxes", _numbers(report.metrics, titles, report.warnings))]
    if report.poses is not None:
        sections.append(Section("poses", "Poses", _numbers(report.poses, titles, [])))
    classes = _classes(report)
    if classes is not None:
        sections.append(Section("classes", "Classes", classes))
    sections.append(Section("provenance", "Provenance", _sides(report)))
    return page(f"{report.a.name} and {report.b.name}", lead, sections)


def _numbers(numbers: Mapping[str, ComparedNumber], titles: Mapping[str, str], warnings: Sequence[str]) -> Markup:
    """A table, and for numbers of one unit the intervals as a chart."""
    rows = [_row(titles[name], one, lower=name in LOWER_IS_BETTER) for name, one in numbers.items()]
    shares = [
        (titles[name], one.delta, one.low, one.high)
        for name, one in numbers.items()
        if one.delta is not None and one.low is not None and one.high is not None and name not in LOWER_IS_BETTER
    ]
    chart = figure("B \u2212 A, with its interval", interval_chart(shares, name="B \u2212 A")) if shares else None
    said = note("Where an interval leaves out 0, chance does not explain the difference; such ones are colored.")
    head = ["number", "A", "B", "B \u2212 A", "interval"]
    return joined(*map(warning, warnings), said, chart, element("p"), table(head, rows, name="Numbers"))


def _classes(report: CompareReport) -> Markup | None:
    """Average precision of every class, the largest difference first."""
    rows = [(row.name, row.metrics[LEADING]) for row in report.per_class]
    measured = [(name, one) for name, one in rows if one.delta is not None]
    if not measured:
        return None
    measured.sort(key=lambda row: -abs(row[1].delta or 0.0))
    cells = [_row(name, one, lower=False) for name, one in measured]
    head = ["AP of class", "A", "B", "B \u2212 A", "interval"]
    rest = cells[SHOWN_CLASSES:]
    folded = details(f"{len(rest)} classes with smaller differences", table(head, rest, name="Further classes"))
    return joined(table(head, cells[:SHOWN_CLASSES], name="Classes"), folded if rest else None)


def _sides(report: CompareReport) -> Markup:
    rows: list[list[Child]] = [
        [letter, one.name, element("code", one.sha256)] for letter, one in (("A", report.a), ("B", report.b))
    ]
    drawing = f"Seed of the drawing: {report.interval.seed}. Measured {report.timestamp}."
    return joined(table(["side", "name", "predictions, SHA-256"], rows, name="Sides", texts=3), note(drawing))


def _row(title: str, one: ComparedNumber, *, lower: bool) -> list[Child]:
    return [title, number(one.a), number(one.b), _change(one, lower=lower), _interval(one)]


def _change(one: ComparedNumber, *, lower: bool) -> Child:
    if one.delta is None:
        return number(None)
    better = (one.delta > 0.0) != lower
    kind = None if not one.excludes_zero or not one.delta else "good" if better else "bad"
    return element("span", signed(one.delta), class_=kind)


def _interval(one: ComparedNumber) -> str:
    return number(None) if one.low is None or one.high is None else f"{signed(one.low)} \u2026 {signed(one.high)}"


def signed(value: float) -> str:
    """A difference with its sign."""
    return f"{value:+z.3f}".replace("-", "\u2212")
