"""What a data set consists of, in numbers: its splits, and its classes."""

# Shapes: O objects, C classes.

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from yolozu.data.object_table import ObjectTable
    from yolozu.data.survey import Survey

MEDIUM_FROM_PX2, LARGE_FROM_PX2 = 32.0**2, 96.0**2
"""COCO's sizes of objects, by area."""


@dataclass(frozen=True)
class SplitNumbers:
    """Counts of a split.

    Attributes:
        name: of the split.
        images: all of them, whether or not they can be read.
        with_objects: images that show an object.
        without_labels: images without a label file, which show none either.
        objects: in them, crowds left out.
        with_pose: of these.
    """

    name: str
    images: int
    with_objects: int
    without_labels: int
    objects: int
    with_pose: int


@dataclass(frozen=True)
class ClassNumbers:
    """Counts of a class over all splits that were looked at.

    Attributes:
        name: of the class.
        objects: by the name of the split.
        images: that show one.
        share: of all objects.
        median_box: area of the median box as a share of its picture; None without objects.
        small: objects of an area below 32² px, as COCO counts them.
        medium: from there to 96² px.
        large: the others.
    """

    name: str
    objects: dict[str, int]
    images: int
    share: float
    median_box: float | None
    small: int
    medium: int
    large: int

    @property
    def total(self) -> int:
        """Objects in all splits."""
        return sum(self.objects.values())


@dataclass(frozen=True)
class Statistics:
    """Numbers of the splits, in the order they were looked at, and of the classes, in network order."""

    splits: tuple[SplitNumbers, ...]
    classes: tuple[ClassNumbers, ...]

    def to_json(self) -> dict[str, Any]:
        """For reports."""
        return asdict(self)


def statistics_of(survey: Survey, table: ObjectTable) -> Statistics:
    """Numbers of a survey; ``table`` holds its objects."""
    names = [split.name for split in survey.splits]
    return Statistics(
        _split_numbers(survey, table),
        tuple(_class_numbers(index, name, names, table) for index, name in enumerate(survey.classes.names)),
    )


def _split_numbers(survey: Survey, table: ObjectTable) -> tuple[SplitNumbers, ...]:
    posed_O = np.array([instance.pose is not None for _, _, instance in table.rows], np.bool_)
    return tuple(
        SplitNumbers(
            split.name,
            len(split.images),
            len(np.unique(table.image_O[table.split_O == place])),
            sum(not image.labeled.has_labels for image in split.images),
            int(np.count_nonzero(table.split_O == place)),
            int(np.count_nonzero(posed_O[table.split_O == place])),
        )
        for place, split in enumerate(survey.splits)
    )


def _class_numbers(index: int, name: str, splits: list[str], table: ObjectTable) -> ClassNumbers:
    of_O = np.flatnonzero(table.class_O == index)
    by_split = np.bincount(table.split_O[of_O], minlength=len(splits)).tolist()
    boxes = table.boxes_cxcywh_O4[of_O, 2] * table.boxes_cxcywh_O4[of_O, 3]
    small = int(np.count_nonzero(table.areas_px_O[of_O] < MEDIUM_FROM_PX2))
    large = int(np.count_nonzero(table.areas_px_O[of_O] >= LARGE_FROM_PX2))
    return ClassNumbers(
        name=name,
        objects=dict(zip(splits, by_split, strict=True)),
        images=len(np.unique(table.image_O[of_O])),
        share=len(of_O) / len(table) if len(table) else 0.0,
        median_box=float(np.median(boxes)) if len(of_O) else None,
        small=small,
        medium=len(of_O) - small - large,
        large=large,
    )
