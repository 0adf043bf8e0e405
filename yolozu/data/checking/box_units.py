"""Boxes of COCO files that are written in another way than ``[x, y, width, height]`` in px."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yolozu.data.checking.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from yolozu.data.labels import Instance, LabeledImage
    from yolozu.data.survey import Survey, SurveyedSplit
    from yolozu.geometry.pose_values import Numbers4

FRACTIONS = "write px: x and width times the image's width, y and height times its height"
CORNERS = "write [x, y, width, height]: subtract the first corner from the second"

SLACK = 1e-3
"""How far a box may reach out of its image, as a fraction of the side, and still be meant as one inside."""


@dataclass(frozen=True)
class OtherUnits:
    """What is said of each box, and how to mend it."""

    said: str
    fix: str


def box_units(survey: Survey) -> Iterator[Violation]:
    """Every box of a split that is one of fractions, or of corners."""
    for split in survey.splits:
        other = units_of(survey, split)
        if other is None:
            continue
        for image in split.images:
            for instance in image.labeled.instances:
                written = ", ".join(f"{value:g}" for value in _raw(image.labeled, instance))
                yield Violation(
                    split.name, image, instance.where, f"box [{written}] {other.said}", instance, fix=other.fix
                )


def units_of(survey: Survey, split: SurveyedSplit) -> OtherUnits | None:
    """As `other_units`, of a surveyed split; None of one whose labels are not COCO's."""
    is_coco = survey.layout.split(split.name).label_format == "coco"
    return other_units([image.labeled for image in split.images]) if is_coco else None


def other_units(images: Sequence[LabeledImage]) -> OtherUnits | None:
    """What all boxes of a COCO file seem to be instead; None where they are what they should be.

    They are fractions of the image if all lie within its first px, and two corners if some reach out of their images
    as they stand, and none does as two corners.
    """
    objects = [(image, instance) for image in images for instance in image.instances]
    like_all = f"like all {len(objects)} of this split"
    if objects and all(_is_fraction(image, one) for image, one in objects):
        return OtherUnits(f"lies within the first px of its image, {like_all}: fractions of the image?", FRACTIONS)
    if any(_reaches_out(one) for _, one in objects) and all(_may_be_corners(one) for _, one in objects):
        return OtherUnits(f"may be two corners, {like_all}; so read, none reaches out of its image", CORNERS)
    return None


def _raw(image: LabeledImage, instance: Instance) -> Numbers4:
    """The four numbers as the file has them."""
    assert image.declared_size is not None, "COCO files state sizes"
    width, height = image.declared_size
    cx, cy, box_width, box_height = instance.box_cxcywh
    return (cx - box_width / 2) * width, (cy - box_height / 2) * height, box_width * width, box_height * height


def _is_fraction(image: LabeledImage, instance: Instance) -> bool:
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
