"""Curves as a picture of its own, SVG or PNG: one chart under the other, a legend above, both from the same marks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal
from xml.sax.saxutils import escape

from yolozu.report.scale import Scale, count_scale, scale_over

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from PIL.Image import Image

    from yolozu.report.charts import Line

    Place = Callable[[float, float], tuple[float, float]]

WIDTH, HEIGHT = 900, 420
"""Of one chart with its margins, px."""

LEFT, RIGHT, TOP, BOTTOM = 70, 20, 34, 44
LEGEND_ROW = 22
LETTER = 7.2
"""Width of a letter of the legend, px, at the least that keeps entries apart."""

TEXT_PX = 13
FINER = 3
"""PNGs are drawn so many times larger, and made smaller: edges are smooth then."""

COLORS = ("#2563eb", "#dc2626", "#059669", "#d97706", "#7c3aed", "#0891b2", "#be185d", "#4d7c0f")
GRID, INK = "#e5e7eb", "#374151"


@dataclass(frozen=True)
class Chart:
    """One chart: ``lines`` of the values called ``name``, over optimizer steps."""

    name: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Stroke:
    """A line through points, px."""

    points: Sequence[tuple[float, float]]
    color: str
    width: float = 2.0
    dashed: bool = False


@dataclass(frozen=True)
class Words:
    """A text whose ``side`` is at a point, px."""

    text: str
    x: float
    y: float
    side: Literal["start", "middle", "end"] = "start"
    color: str = INK


Mark = Stroke | Words


def write_picture(path: Path, charts: Sequence[Chart]) -> None:
    """Write ``charts`` as the suffix of ``path`` says, whole or not at all: ``.svg``, or ``.png``.

    Args:
        path: the file.
        charts: each with at least one point; a name is the same color in all of them.
    """
    from yolozu.artifacts.jsonio import atomic_replacement, write_text

    marks, height = _marks(charts)
    if path.suffix.lower() == ".svg":
        write_text(path, _svg(marks, height))
        return
    with atomic_replacement(path) as aside:
        _image(marks, height).save(aside, format="PNG")


def _marks(charts: Sequence[Chart]) -> tuple[list[Mark], int]:
    """All marks, and how high the picture is."""
    dashed = {line.name: line.dashed for chart in charts for line in chart.lines}
    colors = {name: COLORS[number % len(COLORS)] for number, name in enumerate(dashed)}
    marks: list[Mark] = []
    x, y = float(LEFT), 16.0
    for name, reference in dashed.items():
        wide = 34 + LETTER * len(name) + 18
        if x > LEFT and x + wide > WIDTH - RIGHT:
            x, y = float(LEFT), y + LEGEND_ROW
        marks += [Stroke([(x, y), (x + 26, y)], colors[name], 3.0, reference), Words(name, x + 32, y + 4)]
        x += wide
    top = y + LEGEND_ROW / 2
    for number, chart in enumerate(charts):
        marks += _chart(chart, top + number * HEIGHT, colors)
    return marks, round(top + len(charts) * HEIGHT)


def _chart(chart: Chart, top: float, colors: dict[str, str]) -> Iterator[Mark]:
    points = [point for line in chart.lines for point in line.points]
    values = [y for _, y in points]
    x_scale, y_scale = count_scale(max(x for x, _ in points)), scale_over(values, from_zero=min(values) >= 0.0)
    upper, lower = top + TOP, top + HEIGHT - BOTTOM

    def place(x: float, y: float) -> tuple[float, float]:
        return LEFT + (WIDTH - LEFT - RIGHT) * x_scale.at(x), lower - (lower - upper) * y_scale.at(y)

    yield from _axes(x_scale, y_scale, place)
    yield Words(chart.name, LEFT, upper - 12)
    yield Words("optimizer steps", (LEFT + WIDTH - RIGHT) / 2, lower + 36, "middle")
    for line in chart.lines:
        placed = [place(*point) for point in line.points]
        if len(placed) == 1:  # one point is no line, but is to be seen
            (x, y), *_ = placed
            placed = [(x - 4, y), (x + 4, y)]
        yield Stroke(placed, colors[line.name], dashed=line.dashed)


def _axes(x_scale: Scale, y_scale: Scale, place: Place) -> Iterator[Mark]:
    for tick in y_scale.ticks:
        x, y = place(x_scale.low, tick)
        yield Stroke([(x, y), (WIDTH - RIGHT, y)], GRID, 1.0)
        yield Words(y_scale.label(tick), LEFT - 8, y + 4, "end")
    for tick in x_scale.ticks:
        x, y = place(tick, y_scale.low)
        yield Words(x_scale.label(tick), x, y + 18, "middle")


def _svg(marks: Sequence[Mark], height: int) -> str:
    font = 'font-family="system-ui, sans-serif"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'{font} font-size="{TEXT_PX}">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
    ]
    for mark in marks:
        if isinstance(mark, Words):
            place = f'x="{mark.x:.1f}" y="{mark.y:.1f}" text-anchor="{mark.side}" fill="{mark.color}"'
            lines.append(f"<text {place}>{escape(mark.text)}</text>")
            continue
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in mark.points)
        dashes = ' stroke-dasharray="7 5"' if mark.dashed else ""
        style = f'fill="none" stroke="{mark.color}" stroke-width="{mark.width:g}" stroke-linejoin="round"{dashes}'
        lines.append(f'<polyline points="{points}" {style}/>')
    return "\n".join([*lines, "</svg>\n"])


def _image(marks: Sequence[Mark], height: int) -> Image:
    from PIL import ImageDraw, ImageFont
    from PIL.Image import Resampling, new

    large = new("RGB", (WIDTH * FINER, height * FINER), "white")
    draw, font = ImageDraw.Draw(large), ImageFont.load_default(TEXT_PX * FINER)
    for mark in marks:
        if isinstance(mark, Words):
            anchor = {"start": "ls", "middle": "ms", "end": "rs"}[mark.side]
            draw.text((mark.x * FINER, mark.y * FINER), mark.text, fill=mark.color, font=font, anchor=anchor)
            continue
        for piece in _dashes(mark.points) if mark.dashed else [mark.points]:
            points = [(x * FINER, y * FINER) for x, y in piece]
            draw.line(points, fill=mark.color, width=round(mark.width * FINER), joint="curve")
    return large.resize((WIDTH, height), Resampling.LANCZOS)


def _dashes(points: Sequence[tuple[float, float]]) -> Iterator[list[tuple[float, float]]]:
    """Pieces of a line, 7 px long and 5 px apart: Pillow draws none."""
    gone = 0.0
    for (x0, y0), (x1, y1) in pairwise(points):
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        at = 0.0
        while at < length:
            inside = gone % 12.0
            step = min(max((7.0 if inside < 7.0 else 12.0) - inside, 0.01), length - at)
            if inside < 7.0:
                ends = ((at + part) / length for part in (0.0, step))
                yield [(x0 + (x1 - x0) * share, y0 + (y1 - y0) * share) for share in ends]
            at, gone = at + step, gone + step
