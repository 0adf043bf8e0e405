"""A survey with what takes a look at all of it at once."""

from __future__ import annotations

from dataclasses import dataclass

from yolozu.data.object_table import ObjectTable
from yolozu.data.survey import Survey, SurveyedImage, SurveyedSplit


@dataclass(frozen=True)
class LookedAt:
    """What doubts are found in.

    Attributes:
        survey: splits with labels and sizes.
        table: their objects.
        image_size_px: side of the network input.
        alike: groups of images that are one photo.
    """

    survey: Survey
    table: ObjectTable
    image_size_px: int
    alike: list[list[tuple[SurveyedSplit, SurveyedImage]]]
