"""Lines of label files that are written in another way than ``class cx cy w h`` in fractions of the image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yolozu.data.labels import Instance
from yolozu.geometry.pose_values import Numbers4

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from yolozu.data.survey import SurveyedImage

SLACK = 0.01
"""How far a box may reach out of its image, as a fraction of the side, and still be meant as one inside."""

SMALLEST_PX = 2.0
"""Some number of a box in px is larger."""

FRACTIONS = "write 'class cx cy w h', divided by the image's width and height"


@dataclass(frozen=True)
class Spelling:
    """Another way to write boxes: its name, how to mend it, and the corners that it gives a box."""

    name: str
    fix: str
    corners: Callable[[Numbers4], Numbers4]
    in_px: bool


def _of_center(box: Numbers4) -> Numbers4:
    cx, cy, width, height = box
    return cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2


def _of_corners(box: Numbers4) -> Numbers4:
    return box


def _of_corner(box: Numbers4) -> Numbers4:
    left, top, width, height = box
    return left, top, left + width, top + height


SPELLINGS = (
    Spelling("two corners x1 y1 x2 y2", "write 'class cx cy w h' in fractions of the image", _of_corners, in_px=False),
    Spelling("px", FRACTIONS, _of_center, in_px=True),
    Spelling("px, two corners x1 y1 x2 y2", FRACTIONS, _of_corners, in_px=True),
    Spelling("px, left top width height", FRACTIONS, _of_corner, in_px=True),
)


SPELLINGS_IN_PX = tuple(spelling for spelling in SPELLINGS if spelling.in_px)


def spellings_of(images: Sequence[SurveyedImage]) -> dict[int, Spelling]:
    """How boxes that are no fractions of center and size seem to be written, by identity of their image.

    All images of a split are taken to be written alike; where they are not, px may still be told image by image.
    """
    shared = _spelling(images, SPELLINGS)
    own = ((image, shared or _spelling([image], SPELLINGS_IN_PX)) for image in images)
    return {id(image): spelling for image, spelling in own if spelling is not None}


def _spelling(images: Iterable[SurveyedImage], spellings: Iterable[Spelling]) -> Spelling | None:
    """The first way in which all boxes lie in their images."""
    boxes = [
        (instance, image.facts.width, image.facts.height)
        for image in images
        for instance in image.labeled.instances
        if image.facts.problem is None
    ]
    return next((one for one in spellings if boxes and all(_fits(one, *box) for box in boxes)), None)


def _fits(spelling: Spelling, instance: Instance, width: int, height: int) -> bool:
    is_polygon = instance.area_fraction is not None
    if is_polygon and spelling.corners is not _of_center:
        return False
    if spelling.in_px and max(instance.box_cxcywh) < SMALLEST_PX:
        return False
    left, top, right, bottom = spelling.corners(instance.box_cxcywh)
    wide, high = (width, height) if spelling.in_px else (1.0, 1.0)
    inside = (
        left >= -SLACK * wide and top >= -SLACK * high and right <= wide * (1 + SLACK) and bottom <= high * (1 + SLACK)
    )
    return inside and right > left and bottom > top
