"""Charts as inline SVG: axes, ticks, lines or bars, and a title under the pointer for every point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from yolozu.report.markup import Child, Markup, element, joined
from yolozu.report.scale import Scale, count_scale, scale_over, unit_scale

WIDTH, HEIGHT = 400, 230
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 10, 36
"""Margins: room for the numbers of the axes and the name of the horizontal one."""
MOST_POINTS = 160
"""Points of a line; more are not seen, and each weighs a hundred bytes."""
COLORS = 8
"""Colors of lines there are."""


@dataclass(frozen=True)
class Line:
    """One line of a chart.

    Attributes:
        name: as the legend has it.
        points: (x, y) in order of x; points that are not finite are left out.
        dots: whether each point is marked.
        dashed: whether the line is a mere reference.
        color: 1 … `COLORS`, as the style has them, or 0, that of text; None takes the place among the lines.
    """

    name: str
    points: Sequence[tuple[float, float]]
    dots: bool = False
    dashed: bool = False
    color: int | None = None


@dataclass(frozen=True)
class Frame:
    """The area of a chart.

    Attributes:
        x: horizontal scale.
        y: vertical scale.
        x_name: name of the horizontal axis.
        name: what the chart shows, for those who cannot see it.
    """

    x: Scale
    y: Scale
    x_name: str
    name: str

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Place of a point within the SVG."""
        across, down = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        return LEFT + across * self.x.at(x), TOP + down * (1.0 - self.y.at(y))

    def svg(self, *content: Child) -> Markup:
        """The axes with ``content``."""
        return element(
            "svg",
            element("title", self.name),
            *self._horizontal_grid(),
            *self._ticks_below(),
            element("text", self.x_name, x=_n((LEFT + WIDTH - RIGHT) / 2), y=HEIGHT - 4, class_="axis-name"),
            *content,
            viewBox=f"0 0 {WIDTH} {HEIGHT}",
            role="img",
            class_="chart",
        )

    def _horizontal_grid(self) -> list[Markup]:
        marks = []
        for tick in self.y.ticks:
            y = self.place(self.x.low, tick)[1]
            marks.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=_n(y), y2=_n(y), class_="grid"))
            marks.append(element("text", self.y.label(tick), x=LEFT - 6, y=_n(y + 4), class_="tick-y"))
        return marks

    def _ticks_below(self) -> list[Markup]:
        places = [(tick, self.place(tick, self.y.low)[0]) for tick in self.x.ticks]
        return [element("text", self.x.label(tick), x=_n(x), y=HEIGHT - 20, class_="tick-x") for tick, x in places]


def line_chart(lines: Sequence[Line], *, x_name: str, name: str, unit: bool = False, whole_x: bool = True) -> Markup:
    """Lines over a common axis, with a legend where there are several.

    Args:
        lines: at least one point among them.
        x_name: name of the horizontal axis.
        name: what is shown.
        unit: whether values are in [0, 1], and the axis shows all of it.
        whole_x: whether x counts something from 0; otherwise it is in [0, 1].
    """
    finite = [_finite(line) for line in lines]
    xs, ys = [x for line in finite for x, _ in line], [y for line in finite for _, y in line]
    x_scale = count_scale(max(xs)) if whole_x else unit_scale()
    frame = Frame(x_scale, unit_scale() if unit else scale_over(ys, from_zero=min(ys) >= 0.0), x_name, name)
    numbered = enumerate(zip(lines, finite, strict=True))
    drawn = [_drawn(line, points, frame, number) for number, (line, points) in numbered]
    return joined(frame.svg(*drawn), legend(lines) if len(lines) > 1 else None)


def legend(lines: Sequence[Line]) -> Markup:
    """Which color is which line."""
    entries = [
        element("li", element("span", class_=f"key s{_color(line, number)}"), line.name)
        for number, line in enumerate(lines)
    ]
    return element("ul", *entries, class_="legend")


def bar_chart(bars: Sequence[tuple[str, float]], *, name: str, form: str = ".3f") -> Markup:
    """Horizontal bars with their names and values, from 0.

    Args:
        bars: name and value, not negative.
        name: what is shown.
        form: how values are written.
    """
    row, left, right = 26, 150, 64
    height = row * len(bars)
    most = max((value for _, value in bars), default=0.0)
    marks: list[Child] = [element("title", name)]
    for number, (label, value) in enumerate(bars):
        width, y = (WIDTH - left - right) * (value / most if most else 0.0), row * number
        marks.append(element("text", label, x=left - 8, y=y + 17, class_="tick-y"))
        marks.append(element("rect", x=left, y=y + 5, width=_n(max(width, 0.5)), height=row - 10, class_="bar"))
        marks.append(element("text", format(value, form), x=_n(left + width + 6), y=y + 17, class_="value"))
    return element("svg", *marks, viewBox=f"0 0 {WIDTH} {height}", role="img", class_="chart")


def interval_chart(rows: Sequence[tuple[str, float, float, float]], *, name: str) -> Markup:
    """Differences as dots on the lines of their intervals, around 0.

    Args:
        rows: name, difference, low and high end.
        name: what is shown.
    """
    styles = ["s8" if low <= 0.0 <= high else "s3" if value > 0.0 else "s5" for _, value, low, high in rows]
    return _intervals(rows, styles, name=name, left=150, zero=True, form="+.4f")


def value_chart(rows: Sequence[tuple[str, float, float, float]], *, name: str) -> Markup:
    """Values as dots on the lines of their intervals.

    Args:
        rows: name, value, low and high end.
        name: what is shown.
    """
    return _intervals(rows, ["s8"] * len(rows), name=name, left=320, zero=False, form=".4f")


def _intervals(
    rows: Sequence[tuple[str, float, float, float]],
    styles: Sequence[str],
    *,
    name: str,
    left: int,
    zero: bool,
    form: str,
) -> Markup:
    """Dots on lines, a row each; ``left`` is where the names end, ``zero`` draws a line there."""
    row = 24
    height = row * len(rows) + BOTTOM
    scale = scale_over([*([0.0] if zero else []), *(value for _, *values in rows for value in values)])

    def across(value: float) -> str:
        return _n(left + (WIDTH - left - RIGHT) * scale.at(value))

    marks: list[Child] = [element("title", name)]
    for tick in scale.ticks:
        x = across(tick)
        marks.append(element("line", x1=x, x2=x, y1=0, y2=height - BOTTOM, class_="grid"))
        marks.append(element("text", scale.label(tick), x=x, y=height - 18, class_="tick-x"))
    if zero:
        marks.append(element("line", x1=across(0.0), x2=across(0.0), y1=0, y2=height - BOTTOM, class_="zero"))
    for number, ((label, value, low, high), style) in enumerate(zip(rows, styles, strict=True)):
        y = row * number + 13
        title = element("title", f"{label}: {value:{form}}, {low:{form}} to {high:{form}}")
        marks.append(element("text", label, x=left - 10, y=y + 4, class_="tick-y"))
        marks.append(element("line", x1=across(low), x2=across(high), y1=y, y2=y, class_=f"line {style}"))
        marks.append(element("circle", title, cx=across(value), cy=y, r=4, class_=f"dot {style}"))
    return element("svg", *marks, viewBox=f"0 0 {WIDTH} {height}", role="img", class_="chart")


def _drawn(line: Line, points: Sequence[tuple[float, float]], frame: Frame, number: int) -> Markup:
    style = f"s{_color(line, number)}"
    shown = thinned(points)
    path = " ".join(f"{_n(x)},{_n(y)}" for x, y in (frame.place(*point) for point in shown))
    kind, radius = (
        (f"dot {style}", 3) if line.dots or len(shown) == 1 else ("hover", 5)
    )  # a line of one point shows nothing
    marks = []
    for x, y in shown:
        px, py = frame.place(x, y)
        title = element("title", f"{line.name}, {frame.x_name} {_value(x)}: {_value(y)}")
        marks.append(element("circle", title, cx=_n(px), cy=_n(py), r=radius, class_=kind))
    stroke = f"line {style} dashed" if line.dashed else f"line {style}"
    return joined(element("polyline", points=path, class_=stroke), *([] if line.dashed else marks))


def thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most `MOST_POINTS`: means of as many neighbors as that takes; the last of them may be of fewer."""
    size = math.ceil(len(points) / MOST_POINTS)
    if size <= 1:
        return list(points)
    groups = [points[start : start + size] for start in range(0, len(points), size)]
    return [(group[-1][0], sum(y for _, y in group) / len(group)) for group in groups]


def _finite(line: Line) -> list[tuple[float, float]]:
    return [(x, y) for x, y in line.points if math.isfinite(y)]


def _color(line: Line, number: int) -> int:
    return number % COLORS + 1 if line.color is None else line.color


def _value(value: float) -> str:
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e9 else f"{value:.4g}"


def _n(value: float) -> str:
    """A length in as few digits as are seen."""
    return f"{value:.1f}".removesuffix(".0")
