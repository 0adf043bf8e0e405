"""What of a data set decides how a detector is trained on it."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolozu.data.survey import SurveyedImage


@dataclass(frozen=True)
class DataFacts:
    """Counts and sizes of the pictures that are trained on.

    Attributes:
        num_pictures: pictures that can be read.
        num_held_out: pictures that choose the best weights.
        num_objects: objects on those that are trained on.
        most_objects: on one picture, of all.
        box_side: median of the boxes' longer sides, as a fraction of the picture's longer side; 1 without boxes.
        longest_side_px: longer side of the largest picture.
        has_poses: whether an object has a pose.
    """

    num_pictures: int
    num_held_out: int
    num_objects: int
    most_objects: int
    box_side: float
    longest_side_px: int
    has_poses: bool


def facts_of(train: Sequence[SurveyedImage], held_out: Sequence[SurveyedImage]) -> DataFacts:
    """The facts of the pictures that are trained on and held out."""
    readable = [image for image in train if image.facts.problem is None]
    counts = [len(image.labeled.instances) for image in (*train, *held_out)]
    return DataFacts(
        num_pictures=len(readable),
        num_held_out=len(held_out),
        num_objects=sum(len(image.labeled.instances) for image in readable),
        most_objects=max(counts, default=0),
        box_side=median([side for image in readable for side in _box_sides(image)] or [1.0]),
        longest_side_px=max((max(image.facts.width, image.facts.height) for image in readable), default=0),
        has_poses=any(instance.pose is not None for image in train for instance in image.labeled.instances),
    )


def _box_sides(image: SurveyedImage) -> list[float]:
    """Longer side of each box as a fraction of the picture's longer side, which the network input keeps."""
    width, height = image.facts.width, image.facts.height
    boxes = (instance.box_cxcywh for instance in image.labeled.instances)
    return [max(box[2] * width, box[3] * height) / max(width, height) for box in boxes]
