"""A chart of values before and after, a row each."""

from __future__ import annotations

from collections.abc import Sequence

from yolozu.report.charts import BOTTOM, RIGHT, WIDTH
from yolozu.report.markup import Child, Markup, element, joined
from yolozu.report.scale import unit_scale

ROW, NAMES = 24, 150
SAME = 0.0005
"""Changes below it round to nothing."""
LONGEST_NAME = 20


def change_chart(rows: Sequence[tuple[str, float, float]], *, name: str) -> Markup:
    """Dots at the value before and at that after, with a line between them that is red for a fall.

    Args:
        rows: name, value before and after, in [0, 1].
        name: what is shown.
    """
    height, scale = ROW * len(rows) + BOTTOM, unit_scale()

    def across(value: float) -> str:
        return f"{NAMES + (WIDTH - NAMES - RIGHT) * scale.at(value):.1f}"

    marks: list[Child] = [element("title", name)]
    for tick in scale.ticks:
        x = across(tick)
        marks.append(element("line", x1=x, x2=x, y1=0, y2=height - BOTTOM, class_="grid"))
        marks.append(element("text", scale.label(tick), x=x, y=height - 18, class_="tick-x"))
    for number, (label, before, after) in enumerate(rows):
        y, change = ROW * number + 13, after - before
        style = "s5" if change <= -SAME else "s3" if change >= SAME else "s8"
        title = element("title", f"{label}: {before:.3f} before, {after:.3f} after")
        short = label if len(label) <= LONGEST_NAME else f"{label[: LONGEST_NAME - 1]}…"
        marks.append(element("text", short, x=NAMES - 10, y=y + 4, class_="tick-y"))
        marks.append(element("line", x1=across(before), x2=across(after), y1=y, y2=y, class_=f"line {style}"))
        marks.append(element("circle", title, cx=across(before), cy=y, r=4, class_="dot s8"))
        marks.append(element("circle", title, cx=across(after), cy=y, r=4, class_=f"full {style}"))
    chart = element("svg", *marks, viewBox=f"0 0 {WIDTH} {height}", role="img", class_="chart")
    return joined(chart, _legend())


def _legend() -> Markup:
    entries = {"s8": "before", "s5": "after, worse", "s3": "after, better"}
    return element(
        "ul", *(element("li", element("span", class_=f"key {style}"), said) for style, said in entries.items()),
        class_="legend",
    )  # fmt: skip
