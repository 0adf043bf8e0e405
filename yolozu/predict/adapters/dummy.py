"""No detections at all: shows that everything around a model works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self

import numpy as np

from yolozu.artifacts.predictions import ImagePredictions
from yolozu.predict.adapters.base import AdapterRequest, without_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolozu.data.index import ImageRecord


class DummyAdapter:
    """Sees every image and finds nothing."""

    uses: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def open(cls, request: AdapterRequest) -> Self:  # noqa: ARG003 - the protocol's
        """The adapter; it reads nothing."""
        return cls()

    def predict(self, records: Sequence[ImageRecord]) -> list[ImagePredictions]:
        """An entry without detections for each record."""
        return [without_detections(record) for record in records]

    def supports_ttt(self) -> bool:
        """False: there is nothing to adapt."""
        return False

    def get_model(self) -> NoReturn:
        """There is no torch model: YZ613."""
        raise without_model("dummy")

    def build_loader(self, records: Sequence[ImageRecord], batch_size: int) -> NoReturn:  # noqa: ARG002 - the protocol's
        """There is no torch model to feed: YZ613."""
        raise without_model("dummy")

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
