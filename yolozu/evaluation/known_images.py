"""A data set's images and classes, as a predictions file is held against them."""

from __future__ import annotations

from yolozu.artifacts.predictions.image_names import KnownImages
from yolozu.data.index import DataIndex


def known_images(index: DataIndex, *, max_images: int | None = None) -> KnownImages:
    """What ``index`` knows; with ``max_images``, only the first so many need predictions (all may have some)."""
    return KnownImages(
        images=tuple(record.image for record in index.records),
        sizes=tuple((record.width, record.height) for record in index.records),
        category_ids=frozenset(index.classes.category_ids),
        expected=max_images,
    )
