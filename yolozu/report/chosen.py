"""Which pictures and which detections are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from yolozu.structures.predictions import ImagePredictions

AnyItem = TypeVar("AnyItem")
MOST_DRAWN = 40
"""Detections drawn into a picture: with more nobody sees any."""


def spread(items: Sequence[AnyItem], most: int) -> list[AnyItem]:
    """At most ``most`` of the items, evenly over all of them, the first one among them."""
    if len(items) <= most:
        return list(items)
    return [items[place * len(items) // most] for place in range(most)]


def shown_detections(predictions: ImagePredictions, score_threshold: float) -> ImagePredictions:
    """The detections that are sure enough, the best first, at most `MOST_DRAWN`."""
    order = np.argsort(-predictions.scores, kind="stable")
    kept = order[predictions.scores[order] >= score_threshold]
    return predictions.of(kept[:MOST_DRAWN])
