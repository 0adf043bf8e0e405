"""Many detections at once: columns for the reader, and which of them deserve a closer look."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolozu.artifacts.predictions.detections import SLACK, DetectionRules, is_known
from yolozu.artifacts.predictions.extra_fields import is_harmless
from yolozu.artifacts.predictions.poses import AGREEMENTS, UNSOUND
from yolozu.artifacts.predictions.types import (
    BOX_KEYS,
    LARGEST_CLASS_ID,
    POSE_FIELDS,
    SIGMA_PREFIX,
    NumberField,
    boxes_to_cxcywh,
)
from yolozu.structures.predictions import POSE_COLUMNS

NUMBERS = frozenset((int, float))
INTEGERS = frozenset((int,))


@dataclass(frozen=True)
class Columns:
    """Detections as arrays.

    Attributes:
        class_ids: (N,) int64.
        scores: (N,) float64.
        boxes_cxcywh: (N, 4) float64, normalized to the image; NaN where a box in px has no image size.
        suspects: (N,) bool, whether the exact check would find anything.
        poses: as in `ImagePredictions.poses`; empty unless every such field is in every detection.
    """

    class_ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    boxes_cxcywh: NDArray[np.float64]
    suspects: NDArray[np.bool_]
    poses: dict[str, NDArray[np.float64]]


def columns_of(
    detections: list[Any], sizes: NDArray[np.float64], keys: frozenset[str], rules: DetectionRules
) -> Columns | None:
    """The detections as arrays, or None when some of them cannot be put into columns: then each is a suspect.

    Args:
        detections: N values as they stand in the file.
        sizes: (N, 2) width and height of the image, px; NaN where unknown.
        keys: every key that occurs in any of them.
        rules: what they are held against.
    """
    try:
        class_ids = _column([detection["class_id"] for detection in detections], INTEGERS)
        scores = _column([detection["score"] for detection in detections], NUMBERS)
        given_boxes = [detection["bbox"] for detection in detections]
        boxes = _boxes(given_boxes, rules)
        suspects, poses = _poses(detections, keys)
    except (TypeError, KeyError, OverflowError):
        return None
    if rules.bbox_format != "cxcywh_norm":
        boxes = boxes / np.concatenate([sizes, sizes], axis=1)
    suspects |= ~((class_ids >= 0) & (class_ids <= LARGEST_CLASS_ID))
    suspects |= ~((scores >= 0) & (scores <= 1))
    suspects |= _box_suspects(boxes)
    suspects |= np.fromiter((len(box) for box in given_boxes), np.intp, len(boxes)) != len(BOX_KEYS[rules.bbox_format])
    for key in keys:
        if not is_known(key):
            suspects |= [not is_harmless(detection.get(key)) for detection in detections]
    if rules.category_ids is not None:
        suspects |= ~np.isin(class_ids, np.array(sorted(rules.category_ids), np.float64))
    with np.errstate(invalid="ignore"):  # class ids beyond int64 are suspects already
        return Columns(class_ids.astype(np.int64), scores, boxes, suspects, poses)


def keys_of(detections: list[Any]) -> frozenset[str] | None:
    """Every key in any of the detections; None when one of them is no plain object."""
    if set(map(type, detections)) <= {dict}:
        return frozenset(chain.from_iterable(detections))
    return None


def _column(values: list[Any], kinds: frozenset[type]) -> NDArray[np.float64]:
    if not kinds.issuperset(map(type, values)):
        raise TypeError
    return np.fromiter(values, np.float64, len(values))


def _boxes(boxes: list[Any], rules: DetectionRules) -> NDArray[np.float64]:
    if not set(map(type, boxes)) <= {dict}:
        raise TypeError
    columns = [_column([box[key] for box in boxes], NUMBERS) for key in BOX_KEYS[rules.bbox_format]]
    with np.errstate(over="ignore", invalid="ignore"):
        return boxes_to_cxcywh(np.stack(columns, axis=1), rules.bbox_format)


def _box_suspects(boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
    centers, sides = boxes[:, :2], boxes[:, 2:]
    fine = (centers >= -SLACK) & (centers <= 1 + SLACK) & (sides > 0) & (sides <= 1 + SLACK)
    return np.logical_not(fine.all(axis=1))


def _poses(detections: list[Any], keys: frozenset[str]) -> tuple[NDArray[np.bool_], dict[str, NDArray[np.float64]]]:
    """Suspects and columns of poses."""
    suspects = np.zeros(len(detections), np.bool_)
    fields = [field for field in POSE_FIELDS if field.name in keys]
    fields += [NumberField(key, (), "", low=0.0) for key in keys if key.startswith(SIGMA_PREFIX)]
    seen: dict[str, tuple[NDArray[np.intp], NDArray[np.float64]]] = {}
    for field in fields:
        rows = np.array([index for index, detection in enumerate(detections) if field.name in detection], np.intp)
        numbers = _field_numbers([detections[index][field.name] for index in rows], field)
        if numbers is None:
            suspects[rows] = True
        else:
            seen[field.name] = rows, numbers
            suspects[rows] |= _field_suspects(numbers, field)
    for agreement in AGREEMENTS:
        if seen.keys() >= set(agreement.fields):
            (first_rows, first), (second_rows, second) = (seen[name] for name in agreement.fields)
            rows, own, other = np.intersect1d(first_rows, second_rows, assume_unique=True, return_indices=True)
            suspects[rows] |= ~(agreement.apart(first[own], second[other]) <= agreement.tolerance)
    columns = {name: numbers for name, (rows, numbers) in seen.items() if len(rows) == len(detections)}
    named = keys & POSE_COLUMNS.keys()
    return suspects, {name: columns[name] for name in named} if named <= columns.keys() else {}


def _field_numbers(values: list[Any], field: NumberField) -> NDArray[np.float64] | None:
    """(N, *shape), or None when some of the values are not of this shape, or no numbers."""
    flat, count = values, len(values)
    for length in field.shape:
        if not ({list} >= set(map(type, flat)) and {length} >= set(map(len, flat))):
            return None
        flat = list(chain.from_iterable(flat))
    if not NUMBERS.issuperset(map(type, flat)):
        return None
    return np.fromiter(flat, np.float64, len(flat)).reshape(count, *field.shape)


def _field_suspects(numbers: NDArray[np.float64], field: NumberField) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        inside = np.isfinite(numbers) & (numbers >= field.low) & (numbers <= field.high)
    suspects = np.logical_not(inside.reshape(len(numbers), -1).all(axis=1))
    if field.name in UNSOUND:
        suspects |= UNSOUND[field.name](numbers)
    return suspects
