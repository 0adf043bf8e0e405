"""Findings as pictures, kind by kind, for people to see which are slips."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from yolozu.data.images import read_image
from yolozu.data.thumbnails import thumbnail

if TYPE_CHECKING:
    from yolozu.data.checking.violations import Violation

COLUMNS = 4
WIDTH, HEIGHT = 280, 200
"""Most px of a thumbnail."""
MARGIN = 8
LINE, HEADING = 16, 30
"""Heights of a line of text and of a heading, px."""
CAPTION_LINES = 4
FONT, HEADING_FONT = 12, 16


@dataclass(frozen=True)
class Section:
    """Findings of a kind.

    Attributes:
        title: what stands above them.
        code: of the kind.
        violations: those that are shown, each of an image that can be read.
    """

    title: str
    code: str
    violations: Sequence[Violation]


@dataclass(frozen=True)
class _Cell:
    """A finding: its picture, or two that are one photo, and the lines below."""

    pictures: list[Image.Image]
    lines: list[str]

    @property
    def height(self) -> int:
        return max(picture.height for picture in self.pictures)


def can_be_shown(violation: Violation) -> bool:
    """Whether there is a picture of a finding."""
    return violation.image is not None and violation.image.facts.problem is None


def findings_sheet(sections: Sequence[Section]) -> Image.Image:
    """Four thumbnails a row, each with its box in red, and below it file, line, code and problem; RGB."""
    drawn = [(section.title, list(_rows(section))) for section in sections]
    height = MARGIN + sum(HEADING + sum(map(_row_height, rows)) for _, rows in drawn)
    sheet = Image.new("RGB", (COLUMNS * (WIDTH + MARGIN) + MARGIN, height), "white")
    draw, top = ImageDraw.Draw(sheet), MARGIN
    for title, rows in drawn:
        draw.text((MARGIN, top), title, "black", font_size=HEADING_FONT)
        top += HEADING
        for row in rows:
            for number, cell in enumerate(row):
                _draw(sheet, cell, MARGIN + number * (WIDTH + MARGIN), top)
            top += _row_height(row)
    return sheet


def _rows(section: Section) -> Iterator[list[_Cell]]:
    for start in range(0, len(section.violations), COLUMNS):
        yield [
            _Cell(_pictures(one), _caption(one, section.code)) for one in section.violations[start : start + COLUMNS]
        ]


def _row_height(row: list[_Cell]) -> int:
    return max(cell.height for cell in row) + max(len(cell.lines) for cell in row) * LINE + 2 * MARGIN


def _draw(sheet: Image.Image, cell: _Cell, left: int, top: int) -> None:
    for number, picture in enumerate(cell.pictures):
        sheet.paste(picture, (left + number * (WIDTH // 2), top))
    draw = ImageDraw.Draw(sheet)
    for number, line in enumerate(cell.lines):
        draw.text((left, top + cell.height + 2 + number * LINE), line, "black", font_size=FONT)


def _pictures(violation: Violation) -> list[Image.Image]:
    assert violation.image is not None, "findings without a picture are not drawn"
    image = read_image(violation.image.labeled.path)
    if violation.twin is not None:
        twin = read_image(violation.twin.labeled.path)
        return [thumbnail(one, WIDTH // 2 - 2, HEIGHT) for one in (image, twin)]
    box = None if violation.instance is None else violation.instance.box_cxcywh
    shown = box if box is not None and all(map(math.isfinite, box)) else None
    return [thumbnail(image, WIDTH, HEIGHT, shown)]


def _caption(violation: Violation, code: str) -> list[str]:
    """Place and code in a line, and what is wrong in a few that fit below a thumbnail."""
    lines = [f"{_short('/'.join(Path(violation.where).parts[-2:]), code)} {code}", ""]
    for word in violation.problem.replace("×", "x").split():  # the letters that Pillow brings lack this one
        longer = f"{lines[-1]} {word}".lstrip()
        if _px(f"{longer} …") <= WIDTH:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines if len(lines) <= CAPTION_LINES else [*lines[: CAPTION_LINES - 1], f"{lines[CAPTION_LINES - 1]} …"]


def _short(name: str, code: str) -> str:
    """The end of a place, such as ``train/a.txt:3``, that leaves room for the code."""
    cut = name
    while _px(f"…{cut} {code}") > WIDTH and len(cut) > 1:
        cut = cut[1:]
    return name if cut == name else f"…{cut}"


def _px(text: str) -> float:
    return ImageFont.load_default(FONT).getlength(text)
