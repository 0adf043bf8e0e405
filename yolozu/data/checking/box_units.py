"""Boxes of COCO files that are written in another way than ``[x, y, width, height]`` in px."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.data.checking.hits import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.data.labels import Instance, Numbers4
    from yolozu.data.survey import Survey, SurveyedImage, SurveyedSplit

FRACTIONS = "write px: x and width times the image's width, y and height times its height"
CORNERS = "write [x, y, width, height]: subtract the first corner from the second"

SLACK = 1e-3
"""How far a box may reach out of its image, as a fraction of the side, and still be meant as one inside."""


def box_units(survey: Survey) -> Iterator[Hit]:
    """Every box of a split that is one of fractions, or of corners."""
    for split in survey.splits:
        other = other_units(survey, split)
        if other is None:
            continue
        said, fix = other
        for image, instance in _objects(split):
            written = ", ".join(f"{value:g}" for value in _raw(image, instance))
            yield Hit(split.name, image, instance.where, f"box [{written}] {said}", instance, fix=fix)


def other_units(survey: Survey, split: SurveyedSplit) -> tuple[str, str] | None:
    """What all boxes of a split seem to be instead, and how to mend it; None where they are what they should be.

    They are fractions of the image if all lie within its first px, and two corners if some reach out of their images
    as they stand, and none does as two corners.
    """
    if survey.layout.split(split.name).label_format != "coco":
        return None
    objects = list(_objects(split))
    count = len(objects)
    if objects and all(_is_fraction(image, one) for image, one in objects):
        return (
            f"lies within the first px of its image, like all {count} of this split: fractions of the image?",
            FRACTIONS,
        )
    if any(_reaches_out(instance) for _, instance in objects) and all(_may_be_corners(one) for _, one in objects):
        return f"may be two corners, like all {count} of this split; so read, none reaches out of its image", CORNERS
    return None


def _objects(split: SurveyedSplit) -> Iterator[tuple[SurveyedImage, Instance]]:
    return ((image, instance) for image in split.images for instance in image.labeled.instances)


def _raw(image: SurveyedImage, instance: Instance) -> Numbers4:
    """The four numbers as the file has them."""
    assert image.labeled.declared_size is not None, "COCO files state sizes"
    width, height = image.labeled.declared_size
    cx, cy, box_width, box_height = instance.box_cxcywh
    return (cx - box_width / 2) * width, (cy - box_height / 2) * height, box_width * width, box_height * height


def _is_fraction(image: SurveyedImage, instance: Instance) -> bool:
    numbers = _raw(image, instance)
    return min(numbers) >= -SLACK and max(numbers) <= 1.0 + SLACK


def _reaches_out(instance: Instance) -> bool:
    cx, cy, width, height = instance.box_cxcywh
    return max(cx + width / 2, cy + height / 2) > 1.0 + SLACK


def _may_be_corners(instance: Instance) -> bool:
    """Whether the last two numbers, read as a corner, are right and below of the first two, and in the image."""
    cx, cy, right, bottom = instance.box_cxcywh
    left, top = cx - right / 2, cy - bottom / 2
    return -SLACK <= left < right <= 1.0 + SLACK and -SLACK <= top < bottom <= 1.0 + SLACK
