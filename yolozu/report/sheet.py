"""The picture sheet of a run: held-out pictures, truth on the left, predictions on the right."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from yolozu.contract.text.node import printable
from yolozu.report.chosen import shown_detections, spread
from yolozu.report.drawn import Pair, draw_pair
from yolozu.report.material import Material

SIDE = 300
"""Longer side of a picture, px."""
MARGIN, GAP, CAPTION, HEADER = 16, 4, 24, 34
COLUMNS = 2
PAPER, INK, SOFT = "white", (28, 32, 36), (96, 100, 108)


def prediction_sheet(material: Material) -> Image.Image | None:
    """Pictures that are spread evenly over the split, so that nobody has chosen them; None where nothing was predicted.

    Raises:
        InputError: a picture cannot be read.
    """
    chosen = spread(material.pairs, material.show.pictures)
    if not chosen or material.index is None:
        return None
    ids = material.index.classes.category_ids
    cells = []
    for record, found in chosen:
        shown = shown_detections(found, material.show.score_threshold)
        pair = draw_pair(record, shown, material.names, ids, side=SIDE, extents=material.extents)
        cells.append((record.image, pair))
    title = (
        f"{material.run}: {len(chosen)} of {len(material.pairs)} images of {material.index.split}, truth | predicted"
    )
    return _sheet(f"{title} (score from {material.show.score_threshold:g})", cells)


def _sheet(title: str, cells: Sequence[tuple[str, Pair]]) -> Image.Image:
    width = max(pair.truth.width for _, pair in cells)
    height = max(pair.truth.height for _, pair in cells)
    column, row = 2 * width + GAP + MARGIN, height + CAPTION + MARGIN
    columns = min(COLUMNS, len(cells))
    size = (MARGIN + columns * column, HEADER + MARGIN + math.ceil(len(cells) / columns) * row)
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN), _cut(draw, title, size[0] - 2 * MARGIN, 16), INK, font_size=16)
    for place, (name, pair) in enumerate(cells):
        left, top = MARGIN + place % columns * column, HEADER + MARGIN + place // columns * row
        sheet.paste(pair.truth, (left, top))
        sheet.paste(pair.predicted, (left + width + GAP, top))
        draw.text((left, top + height + 4), _cut(draw, printable(name), 2 * width, 13), SOFT, font_size=13)
    return sheet


def _cut(draw: ImageDraw.ImageDraw, text: str, width: float, size: int) -> str:
    """The end of a text, as much of it as there is room for."""
    shown = text
    while len(shown) > 1 and draw.textlength(shown, font_size=size) > width:
        shown = f"…{shown[2:] if shown.startswith('…') else shown[1:]}"
    return shown
