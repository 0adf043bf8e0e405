"""The numbers of images and categories that a conversion of predictions needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yolozu.artifacts.predictions import KnownImages
    from yolozu.artifacts.predictions.convert import CocoNumbers
    from yolozu.data.coco_numbers import CategoryIds
    from yolozu.progress import Progress


def conversion_numbers(
    root: Path | None,
    split: str | None,
    annotations: Path | None,
    category_ids: CategoryIds | None,
    progress: Progress,
) -> tuple[KnownImages | None, CocoNumbers | None, bool]:
    """What images and categories of predictions are called in COCO results, by a data set or annotations.

    Returns:
        The images and classes that are known, their numbers, and whether COCO numbers the same classes in another way.

    Raises:
        YolozuError: the data set or the annotations cannot be used.
    """
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
