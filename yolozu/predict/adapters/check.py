"""Whether what an adapter gave is what was asked of it."""

from __future__ import annotations

from collections.abc import Sequence

from yolozu.errors import UsageError
from yolozu.predict.adapters.opening import MEND, available_adapters
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.predictions import ImagePredictions


def require_answers(name: str, records: Sequence[ImageRecord], predictions: Sequence[ImagePredictions]) -> None:
    """Hold what an adapter gave for ``records`` against what is asked of it: one entry an image, in their order.

    Raises:
        UsageError: YZ618.
    """
    pairs = zip(predictions, records, strict=False)
    if len(predictions) != len(records):
        problem = f"gives {len(predictions)} entries for {len(records)} images"
    elif not all(isinstance(entry, ImagePredictions) for entry in predictions):
        other = next(entry for entry in predictions if not isinstance(entry, ImagePredictions))
        problem = f"gives {type(other).__name__}, not ImagePredictions"
    else:
        wrong = next(((entry.image, record.image) for entry, record in pairs if entry.image != record.image), None)
        if wrong is None:
            return
        problem = f"gives an entry for {wrong[0]!r} in the place of {wrong[1]!r}"
    where = f"adapter {name!r} ({available_adapters().location(name)})"
    raise UsageError.one("YZ618", where=where, problem=problem, fix=MEND)
