"""The objects of a surveyed data set as arrays, for what is asked of all of them."""

# Shapes: O objects, in the order of splits, images and labels.

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from yolozu.data.labels import Instance
from yolozu.data.survey import Survey, SurveyedImage, SurveyedSplit, area_px_of


@dataclass(frozen=True)
class ObjectTable:
    """Objects that name a class and a box with width and height, in an image that can be read; no crowds.

    Attributes:
        rows: split, image and label of each.
        split_O: place of the split in the survey.
        image_O: number of the image, counted over all splits.
        class_O: network index.
        boxes_cxcywh_O4: normalized to the image.
        sizes_px_O2: width and height of the image.
        areas_px_O: as COCO counts areas: of the outline where there is one, else of the box.
    """

    rows: tuple[tuple[SurveyedSplit, SurveyedImage, Instance], ...]
    split_O: NDArray[np.int64]
    image_O: NDArray[np.int64]
    class_O: NDArray[np.int64]
    boxes_cxcywh_O4: NDArray[np.float64]
    sizes_px_O2: NDArray[np.float64]
    areas_px_O: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def box_sizes_px(self) -> NDArray[np.float64]:
        """Width and height of each box."""
        return self.boxes_cxcywh_O4[:, 2:] * self.sizes_px_O2


def object_table(survey: Survey) -> ObjectTable:
    """The objects of every split of a survey."""
    numbers = {split.name: place for place, split in enumerate(survey.splits)}
    images = ((split, image) for split, image in survey.images() if image.facts.problem is None)
    found = [
        (number, (split, image, instance))
        for number, (split, image) in enumerate(images)
        for instance in image.labeled.instances
        if not instance.is_crowd and 0 <= instance.class_index < len(survey.classes) and _is_box(instance)
    ]
    rows = tuple(row for _, row in found)
    return ObjectTable(
        rows,
        np.array([numbers[split.name] for split, _, _ in rows], np.int64),
        np.array([number for number, _ in found], np.int64),
        np.array([instance.class_index for _, _, instance in rows], np.int64),
        np.array([instance.box_cxcywh for _, _, instance in rows], np.float64).reshape(-1, 4),
        np.array([(image.facts.width, image.facts.height) for _, image, _ in rows], np.float64).reshape(-1, 2),
        np.array([area_px_of(instance, image.facts) for _, image, instance in rows], np.float64),
    )


def _is_box(instance: Instance) -> bool:
    """Whether it has width and height; what is no number has neither."""
    width, height = instance.box_cxcywh[2:]
    return 0.0 < width < float("inf") and 0.0 < height < float("inf")
