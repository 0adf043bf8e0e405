"""Detections drawn into their picture: boxes with class and score, and the axes of poses."""

# Shapes: N detections of the picture.

from __future__ import annotations

import colorsys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from yolozu.contract.text.node import printable
from yolozu.predict.pictures.rows import boxes_xyxy_px
from yolozu.structures.predictions import ImagePredictions

GOLDEN_RATIO = 0.618034
"""Steps of this size along the circle of hues keep neighbors far apart, however many classes there are."""
AXES = ((255, 51, 51), (26, 179, 26), (51, 102, 255))
"""Colors of x, y and z."""
CORNERS_83 = np.array(list(product((False, True), repeat=3)))
"""Of a box in space: which corner has the larger coordinate along which axis."""
EDGES = [(one, other) for one, other in combinations(range(8), 2) if (CORNERS_83[one] ^ CORNERS_83[other]).sum() == 1]
"""Corners that differ along one axis."""
SIDES_PER_LINE, SIDES_PER_LETTER = 300, 40
"""The picture's shorter side over the width of a line, and over the height of a letter."""
THINNEST, SMALLEST_LETTER = 2, 11
NO_EXTENTS: Mapping[int, NDArray[np.float64]] = MappingProxyType({})
"""Where no object's size is known."""


def draw_detections(
    image_HW3: NDArray[np.uint8],
    predictions: ImagePredictions,
    names: Mapping[int, str],
    *,
    with_scores: bool = True,
    extents: Mapping[int, NDArray[np.float64]] = NO_EXTENTS,
) -> Image.Image:
    """The picture with its detections, the best on top, and their labels above all.

    Where a detection has a pose and the camera is known, the object's axes (x red, y green, z blue) stand in its
    origin, half as long as the box is wide; where its extents are known, its bounding box in space is drawn around it.

    Args:
        image_HW3: (H, W, 3) uint8 RGB, of which nothing is changed.
        predictions: of this picture.
        names: category id -> name; an id without one is shown as a number.
        with_scores: whether labels say how sure a detection is.
        extents: category id -> (2, 3) least and largest coordinates of its model, metres, model frame.

    Returns:
        RGB, (W, H) px.
    """
    image = Image.fromarray(image_HW3)
    pen = _Pen(ImageDraw.Draw(image), image.width, min(image.size))
    boxes_N4 = boxes_xyxy_px(predictions)
    worst_first = [(place, int(predictions.class_ids[place])) for place in reversed(range(len(predictions)))]
    for place, category in worst_first:
        pen.box(boxes_N4[place].tolist(), color_of(category))
    for place in np.flatnonzero(predictions.has_pose)[::-1].tolist():
        category = int(predictions.class_ids[place])
        if category in extents:
            pen.solid(predictions, place, extents[category], color_of(category))
        pen.axes(predictions, place)
    for place, category in worst_first:
        name = printable(names.get(category, str(category)))
        text = f"{name} {predictions.scores[place]:.2f}" if with_scores else name
        pen.label(boxes_N4[place].tolist(), text, color_of(category))
    return image


def color_of(category: int) -> tuple[int, int, int]:
    """The color of a category's boxes: the same in every picture."""
    red, green, blue = colorsys.hsv_to_rgb(category * GOLDEN_RATIO % 1.0, 0.85, 0.9)
    return round(255 * red), round(255 * green), round(255 * blue)


@dataclass(frozen=True)
class _Pen:
    """Draws as thick and as large as a picture of that size needs.

    Attributes:
        draw: the picture.
        width: of the picture, px.
        side: its shorter side, px.
    """

    draw: ImageDraw.ImageDraw
    width: int
    side: int

    @property
    def line(self) -> int:
        """Width of a line, px."""
        return max(THINNEST, self.side // SIDES_PER_LINE)

    def box(self, box_xyxy: Sequence[float], color: tuple[int, int, int]) -> None:
        """The border of a box."""
        left, top, right, bottom = box_xyxy
        self.draw.rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), outline=color, width=self.line)

    def label(self, box_xyxy: Sequence[float], text: str, color: tuple[int, int, int]) -> None:
        """What stands above a box, or inside where there is no room above."""
        left, top, _, _ = box_xyxy
        letter = max(SMALLEST_LETTER, self.side // SIDES_PER_LETTER)
        width, height = self.draw.textlength(text, font_size=letter) + 4, letter + 4
        start, above = max(0.0, min(left, self.width - width)), top - height if top >= height else max(0.0, top)
        self.draw.rectangle((start, above, start + width, above + height), fill=color)
        luma = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]  # of ITU-R BT.601
        self.draw.text((start + 2, above + 1), text, "black" if luma > 140.0 else "white", font_size=letter)

    def solid(
        self, predictions: ImagePredictions, place: int, extent_23: NDArray[np.float64], color: tuple[int, int, int]
    ) -> None:
        """The edges of an object's bounding box in space, unless it reaches behind the camera."""
        corners_83 = np.where(CORNERS_83, extent_23[1], extent_23[0])
        ends = _projected(predictions, place, corners_83)
        for one, other in EDGES if ends else ():
            self.draw.line([ends[one], ends[other]], fill=color, width=self.line)

    def axes(self, predictions: ImagePredictions, place: int) -> None:
        """The axes of a pose, unless one ends behind the camera."""
        width_px = predictions.boxes_cxcywh[place, 2] * self.width
        length = 0.5 * width_px * predictions.poses["t_xyz"][place][2] / predictions.intrinsics["fx"]
        ends = _projected(predictions, place, np.vstack([np.zeros(3), length * np.eye(3)]))
        for color, end in zip(AXES, ends[1:], strict=False):
            self.draw.line([ends[0], end], fill=color, width=self.line + 1)


def _projected(predictions: ImagePredictions, place: int, points_N3: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Where points of an object's model appear, px; nothing where one of them is behind the camera."""
    camera = predictions.intrinsics
    assert camera is not None, "a translation follows from a camera"
    seen_N3 = points_N3 @ predictions.poses["R"][place].T + predictions.poses["t_xyz"][place]
    if (seen_N3[:, 2] <= 0.0).any():
        return []
    x, y = seen_N3[:, 0] / seen_N3[:, 2], seen_N3[:, 1] / seen_N3[:, 2]
    return list(zip(x * camera["fx"] + camera["cx"], y * camera["fy"] + camera["cy"], strict=True))
