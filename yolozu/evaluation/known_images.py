"""A data set's images and classes, as a predictions file is held against them."""

from __future__ import annotations

from yolozu.artifacts.predictions.image_names import KnownImages
from yolozu.data.index import DataIndex
from yolozu.errors import InputError


def known_images(index: DataIndex, *, max_images: int | None = None) -> KnownImages:
    """What ``index`` knows; with ``max_images``, only the first so many need predictions (all may have some)."""
    return KnownImages(
        images=tuple(record.image for record in index.records),
        sizes=tuple((record.width, record.height) for record in index.records),
        category_ids=frozenset(index.classes.category_ids),
        expected=max_images,
    )


def require_labels(index: DataIndex) -> None:
    """Refuse to hold predictions against a mere list of images.

    Raises:
        InputError: YZ291.
    """
    if not index.labeled:
        raise InputError.one(
            "YZ291",
            where=f"{index.root}: {index.split}",
            problem="has no annotations: its images can be predicted, and nothing can be said of how well",
            fix="evaluate on a split with annotations, or stop after predicting",
        )
