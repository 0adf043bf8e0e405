"""Every corruption of one picture, side by side, for people to see what is measured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from yolozu.data.corruption.corruption import SEVERITIES, Corruption
from yolozu.data.corruption.registry import CORRUPTIONS
from yolozu.data.thumbnails import fitted

MARGIN = 4
LABEL_WIDTH, LABEL_HEIGHT = 150, 20
FONT_SIZE = 14


def contact_sheet(image_HW3: NDArray[np.uint8], name: str, *, seed: int = 0, side: int = 200) -> Image.Image:
    """A row for each kind, a column for each severity, the picture as it is in front.

    The picture is corrupted as large as it is, and only then made smaller: so it looks as it does before the network.

    Args:
        image_HW3: (H, W, 3) uint8 RGB.
        name: of the image in its data set, which decides what is random.
        seed: likewise.
        side: longer side of a picture on the sheet, px.

    Returns:
        The sheet, RGB.
    """
    width, height = fitted(image_HW3.shape[1], image_HW3.shape[0], side, side)
    column, row = width + MARGIN, height + MARGIN
    columns = len(SEVERITIES) + 1
    sheet = Image.new("RGB", (LABEL_WIDTH + columns * column, LABEL_HEIGHT + len(CORRUPTIONS) * row), "white")
    draw = ImageDraw.Draw(sheet)
    for number, title in enumerate(["as it is", *(f"severity {severity}" for severity in SEVERITIES)]):
        draw.text((LABEL_WIDTH + number * column, 2), title, "black", font_size=FONT_SIZE)
    for line, kind in enumerate(CORRUPTIONS):
        top = LABEL_HEIGHT + line * row
        draw.text((MARGIN, top), kind, "black", font_size=FONT_SIZE)
        pictures = [image_HW3, *(Corruption(kind, severity, seed)(image_HW3, name) for severity in SEVERITIES)]
        for number, picture in enumerate(pictures):
            small = Image.fromarray(picture).resize((width, height), Image.Resampling.BOX)
            sheet.paste(small, (LABEL_WIDTH + number * column, top))
    return sheet
