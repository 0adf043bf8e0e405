"""Predictions in other words: the numbers of images and categories that a conversion needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yolozu.artifacts.prediction_formats import BoxFormat, PredictionsLayout
    from yolozu.artifacts.predictions import KnownImages
    from yolozu.artifacts.predictions.convert import CocoNumbers, Conversion
    from yolozu.data.coco_numbers import CategoryIds
    from yolozu.progress import Progress


def convert(
    file: Path,
    output: Path,
    to: PredictionsLayout,
    *,
    bbox_format: BoxFormat | None,
    to_bbox_format: BoxFormat | None,
    dataset: Path | None,
    split: str | None,
    annotations: Path | None,
    category_ids: CategoryIds | None,
    progress: Progress,
) -> tuple[Conversion, bool]:
    """Write predictions as another layout.

    Returns:
        What was written, and whether its category ids are 0-79 of classes that COCO itself numbers 1-90.

    Raises:
        YolozuError: a file or the data set cannot be used, or the predictions have errors.
    """
    from yolozu.artifacts.predictions.convert import convert_predictions

    known, numbers, differ = _known(dataset, split, annotations, category_ids, progress)
    done = convert_predictions(
        file, output, to, bbox_format=bbox_format, to_bbox_format=to_bbox_format, known=known, numbers=numbers
    )
    return done, differ and to == "coco"


def _known(
    root: Path | None,
    split: str | None,
    annotations: Path | None,
    category_ids: CategoryIds | None,
    progress: Progress,
) -> tuple[KnownImages | None, CocoNumbers | None, bool]:
    """The data set, its numbers, and whether COCO numbers the same classes in another way."""
    from yolozu.app.datasets import open_evaluated
    from yolozu.artifacts.coco_classes import COCO_CLASSES
    from yolozu.data.coco_numbers import numbers_of_annotations, numbers_of_data
    from yolozu.data.layouts.layout import find_layout
    from yolozu.evaluation.known_images import known_images

    if root is None:
        return (None, None, False) if annotations is None else (*numbers_of_annotations(annotations), False)
    index = open_evaluated(root, split, progress).index
    numbers, classes = numbers_of_data(index, find_layout(root), annotations, category_ids), index.classes
    of_coco = classes.names == COCO_CLASSES.names and classes.category_ids != COCO_CLASSES.category_ids
    return known_images(index), numbers, of_coco and numbers.category_ids is None
