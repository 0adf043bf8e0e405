"""Which pictures and which detections are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from PIL import Image

from yolozu.structures.predictions import ImagePredictions

AnyItem = TypeVar("AnyItem")
CROP_SIDE, SMALLEST_CROP_PX = 240, 48
MOST_DRAWN = 40
"""Detections drawn into a picture: with more nobody sees any."""


def spread(items: Sequence[AnyItem], most: int) -> list[AnyItem]:
    """At most ``most`` of the items, evenly over all of them, the first one among them."""
    if len(items) <= most:
        return list(items)
    return [items[place * len(items) // most] for place in range(most)]


def shown_around(picture: Image.Image, found: ImagePredictions) -> tuple[Image.Image, ImagePredictions]:
    """The neighborhood of a detection: its box in the middle, as much around it on all sides, `CROP_SIDE` px long.

    Args:
        picture: the whole picture.
        found: one detection in it.

    Returns:
        The crop, and the detection in it, without its pose.
    """
    center_x, center_y, width, height = found.boxes_cxcywh[0] * np.array([*picture.size, *picture.size])
    half = max(width, height, SMALLEST_CROP_PX / 2)
    left, top = max(0, int(center_x - half)), max(0, int(center_y - half))
    right, bottom = min(picture.width, int(center_x + half) + 1), min(picture.height, int(center_y + half) + 1)
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    crop = picture.crop((left, top, right, bottom))
    sides = np.array([crop.width, crop.height], np.float64)
    box = np.concatenate([(np.array([center_x, center_y]) - (left, top)) / sides, np.array([width, height]) / sides])
    factor = CROP_SIDE / max(crop.size)
    crop = crop.resize((max(1, round(crop.width * factor)), max(1, round(crop.height * factor))))
    return crop, replace(
        found, width=crop.width, height=crop.height, boxes_cxcywh=box[None], poses={}, extras=(), intrinsics=None
    )


def shown_detections(predictions: ImagePredictions, score_threshold: float) -> ImagePredictions:
    """The detections that are sure enough, the best first, at most `MOST_DRAWN`."""
    order = np.argsort(-predictions.scores, kind="stable")
    kept = order[predictions.scores[order] >= score_threshold]
    return predictions.of(kept[:MOST_DRAWN])
