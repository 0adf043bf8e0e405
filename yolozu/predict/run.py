"""From images to a predictions file."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.predictions import write_predictions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from yolozu.data.index import ImageRecord
    from yolozu.predict.adapters.base import Adapter, AdapterRequest


@dataclass(frozen=True)
class PredictionRun:
    """What came out, besides the file.

    Attributes:
        images: images predicted.
        detections: detections on all of them.
        seconds: from the first image read to the last detection.
    """

    images: int
    detections: int
    seconds: float

    @property
    def images_per_s(self) -> float:
        """Throughput."""
        return self.images / max(self.seconds, 1e-9)

    def to_json(self) -> dict[str, Any]:
        """The numbers, rounded to what a clock can tell."""
        return {
            "images": self.images,
            "detections": self.detections,
            "seconds": round(self.seconds, 3),
            "images_per_s": round(self.images_per_s, 2),
        }


def predict_to_file(
    name: str,
    adapter: Adapter,
    request: AdapterRequest,
    records: Sequence[ImageRecord],
    output_path: Path,
    *,
    wrap: bool = True,
) -> PredictionRun:
    """Predict ``records`` and write the predictions, whole or not at all.

    The same request gives the same bytes: the file says what predicted and with which settings, not when or how fast.

    Args:
        name: name of the adapter.
        adapter: what predicts, opened with ``request``.
        request: settings to note.
        records: the images.
        output_path: predictions file.
        wrap: whether the file says all that, or is a bare list.

    Raises:
        InputError: an image cannot be read, or the network gives NaN or infinity.
    """
    started = time.perf_counter()
    predictions = adapter.predict(records)
    seconds = time.perf_counter() - started
    write_predictions(output_path, predictions, _meta(name, adapter, request, len(records)), wrap=wrap)
    return PredictionRun(len(records), sum(len(entry.scores) for entry in predictions), seconds)


def _meta(name: str, adapter: Adapter, request: AdapterRequest, images: int) -> dict[str, Any]:
    return {
        "adapter": name,
        **adapter.describe(),
        "score_threshold": request.score_threshold,
        "max_detections": request.max_detections,
        "images": images,
    }
