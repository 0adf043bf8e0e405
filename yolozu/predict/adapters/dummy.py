"""No detections at all: shows that everything around a model works."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np

from yolozu.predict.adapters.base import AdapterRequest, WithoutModel
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.predictions import ImagePredictions


class DummyAdapter(WithoutModel):
    """Sees every image and finds nothing."""

    name: ClassVar[str] = "dummy"
    uses: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def open(cls, request: AdapterRequest) -> Self:  # noqa: ARG003 - the protocol's
        """The adapter; it reads nothing."""
        return cls()

    def predict(self, records: Sequence[ImageRecord]) -> list[ImagePredictions]:
        """An entry without detections for each record."""
        return [without_detections(record) for record in records]

    def describe(self) -> dict[str, Any]:
        """Nothing."""
        return {}


def without_detections(record: ImageRecord) -> ImagePredictions:
    """The entry of an image in which nothing was found."""
    return ImagePredictions(
        image=record.image,
        width=record.width,
        height=record.height,
        class_ids=np.empty(0, dtype=np.int64),
        scores=np.empty(0),
        boxes_cxcywh=np.empty((0, 4)),
    )
