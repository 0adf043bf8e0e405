"""Detections, held against all that a number can be: many at once as columns, and each that is wrong by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolozu.artifacts.prediction_formats import BoxFormat
from yolozu.artifacts.predictions.boxes import BOX_KEYS, boxes_to_cxcywh
from yolozu.artifacts.predictions.fields import (
    KNOWN_KEYS,
    POSE_FIELDS,
    REQUIRED_FIELDS,
    SIGMA_PREFIX,
    NumberField,
    brief,
    extra_findings,
    field_findings,
    first_of,
    is_harmless,
    is_known,
    kind_of,
    repeated_keys,
)
from yolozu.artifacts.predictions.findings import member
from yolozu.artifacts.predictions.poses import POSE_RULES, pose_findings
from yolozu.errors import Finding
from yolozu.registry import nearest
from yolozu.structures.predictions import POSE_COLUMNS, is_given

POSE_FIELDS_BY_NAME = {field.name: field for field in POSE_FIELDS}
NUMBERS = frozenset((int, float))
INTEGERS = frozenset((int,))

SLACK = 1e-6
"""How far rounding may carry a box beyond the image before it is mentioned."""
FAR = 1.0
"""A center this far outside the image, or a side this much longer than it (in image sides), is no box in it at all."""


@dataclass(frozen=True)
class DetectionRules:
    """What a detection is held against.

    Attributes:
        bbox_format: how boxes are written.
        category_ids: the class table's ids; None when no data set is given.
    """

    bbox_format: BoxFormat
    category_ids: frozenset[int] | None = None


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
        required = [_column([detection[field.name] for detection in detections], field) for field in REQUIRED_FIELDS]
        given_boxes = [detection["bbox"] for detection in detections]
        boxes = _boxes(given_boxes, rules)
        suspects, poses = _poses(detections, keys)
    except (TypeError, KeyError, OverflowError):
        return None
    if rules.bbox_format != "cxcywh_norm":
        boxes = boxes / np.concatenate([sizes, sizes], axis=1)
    class_ids, scores = required
    suspects |= _core_suspects(class_ids, scores, boxes, rules)
    suspects |= np.fromiter((len(box) for box in given_boxes), np.intp, len(boxes)) != len(BOX_KEYS[rules.bbox_format])
    for key in keys:
        if not is_known(key):
            suspects |= [not is_harmless(detection.get(key)) for detection in detections]
    with np.errstate(invalid="ignore"):  # class ids beyond int64 are suspects already
        return Columns(class_ids.astype(np.int64), scores, boxes, suspects, poses)


def has_suspects(
    class_ids: NDArray[np.int64],
    scores: NDArray[np.float64],
    boxes_cxcywh: NDArray[np.float64],
    poses: Mapping[str, NDArray[np.float64]],
    rules: DetectionRules,
) -> bool:
    """Whether the exact check would find anything in detections that come as columns.

    Args:
        class_ids: (N,).
        scores: (N,).
        boxes_cxcywh: (N, 4), normalized to the image.
        poses: as in `ImagePredictions.poses`.
        rules: what they are held against.
    """
    if _core_suspects(class_ids, scores, boxes_cxcywh, rules).any():
        return True
    given = {name: is_given(column) for name, column in poses.items()}
    for name, column in poses.items():
        field = POSE_FIELDS_BY_NAME.get(name, NumberField(name, (), "", low=0.0))
        if _is_outside(column[given[name]], field).any():
            return True
    for rule in POSE_RULES:
        if poses.keys() >= set(rule.fields):
            rows = np.all([given[name] for name in rule.fields], axis=0)
            if rule.is_broken(*(poses[name][rows] for name in rule.fields)).any():
                return True
    return False


def _core_suspects(
    class_ids: NDArray[Any], scores: NDArray[np.float64], boxes_cxcywh: NDArray[np.float64], rules: DetectionRules
) -> NDArray[np.bool_]:
    """(N,) by what every detection has."""
    suspects: NDArray[np.bool_] = ~((boxes_cxcywh[:, 2:] > 0).all(axis=1) & (_beyond_image(boxes_cxcywh) <= SLACK))
    for field, column in zip(REQUIRED_FIELDS, (class_ids, scores), strict=True):
        suspects |= _is_outside(column, field)
    if rules.category_ids is not None:
        suspects |= ~np.isin(class_ids, np.array(sorted(rules.category_ids), np.float64))
    return suspects


def keys_of(detections: list[Any]) -> frozenset[str] | None:
    """Every key in any of the detections; None when one of them is no plain object."""
    if set(map(type, detections)) <= {dict}:
        return frozenset(chain.from_iterable(detections))
    return None


def _column(values: list[Any], field: NumberField) -> NDArray[np.float64]:
    if not (INTEGERS if field.integer else NUMBERS).issuperset(map(type, values)):
        raise TypeError
    return np.fromiter(values, np.float64, len(values))


def _boxes(boxes: list[Any], rules: DetectionRules) -> NDArray[np.float64]:
    if not set(map(type, boxes)) <= {dict}:
        raise TypeError
    columns = [_column([box[key] for box in boxes], NumberField(key, (), "")) for key in BOX_KEYS[rules.bbox_format]]
    with np.errstate(over="ignore", invalid="ignore"):
        return boxes_to_cxcywh(np.stack(columns, axis=1), rules.bbox_format)


def _beyond_image(boxes_cxcywh: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) how far centers lie outside the image, or sides are longer than it, in sides of the image."""
    centers, sides = boxes_cxcywh[:, :2], boxes_cxcywh[:, 2:]
    beyond = np.maximum(np.maximum(-centers, centers - 1), sides - 1)
    farthest: NDArray[np.float64] = np.maximum(beyond[:, 0], beyond[:, 1])  # as max(axis=1), ten times as fast
    return farthest


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
            suspects[rows] |= _is_outside(numbers, field)
    for rule in POSE_RULES:
        if seen.keys() >= set(rule.fields):
            columns = [seen[name] for name in rule.fields]
            rows = reduce(np.intersect1d, (own for own, _ in columns))
            suspects[rows] |= rule.is_broken(*(numbers[np.searchsorted(own, rows)] for own, numbers in columns))
    full = {name: numbers for name, (rows, numbers) in seen.items() if len(rows) == len(detections)}
    named = keys & POSE_COLUMNS.keys()
    return suspects, {name: full[name] for name in named} if named <= full.keys() else {}


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


def _is_outside(numbers: NDArray[Any], field: NumberField) -> NDArray[np.bool_]:
    """(N,) where a number is not finite, or beyond the bounds of its field."""
    inside: NDArray[np.bool_] = np.isfinite(numbers) & (numbers >= field.low) & (numbers <= field.high)
    return np.logical_not(inside.all(axis=tuple(range(1, inside.ndim))))


def findings_in(detection: Any, where: str, size: tuple[int, int] | None, rules: DetectionRules) -> Iterator[Finding]:
    """Everything that is wrong with one detection.

    Args:
        detection: the value that stands in the file.
        where: its JSON path.
        size: (width, height) of the image in px, where known; boxes in px are only held against a known size.
        rules: what it is held against.
    """
    if not isinstance(detection, dict):
        problem = f"{kind_of(detection)} where a detection should be"
        yield Finding("YZ702", where, problem, "write an object per detection")
        return
    yield from repeated_keys(detection, where)
    for field in REQUIRED_FIELDS:
        if field.name not in detection:
            yield _missing(where, field.name, detection)
        else:
            yield from field_findings(detection[field.name], f"{where}.{field.name}", field)
    if "bbox" not in detection:
        yield _missing(where, "bbox", detection)
    else:
        yield from _in_box(detection["bbox"], f"{where}.bbox", size, rules.bbox_format)
    yield from _in_class_table(detection.get("class_id"), f"{where}.class_id", rules.category_ids)
    yield from pose_fields_findings(detection, where)
    for key, value in detection.items():
        if not is_known(key):
            yield from extra_findings(value, member(where, key))


def _in_box(box: Any, where: str, size: tuple[int, int] | None, bbox_format: BoxFormat) -> Iterator[Finding]:
    keys = BOX_KEYS[bbox_format]
    if not isinstance(box, dict):
        yield Finding("YZ707", where, f"{kind_of(box)}, not an object", f"write {{{', '.join(keys)}}} ({bbox_format})")
        return
    yield from repeated_keys(box, where)
    fix = f"{bbox_format} boxes have {', '.join(keys)}; declare another bbox_format if these are none"
    findings: list[Finding] = []
    for key in keys:
        if key not in box:
            findings.append(Finding("YZ703", f"{where}.{key}", "missing", fix))
        else:
            findings += field_findings(box[key], f"{where}.{key}", NumberField(key, (), ""))
    yield from findings
    for key in (key for key in box if key not in keys):
        yield from extra_findings(box[key], member(where, key))
    if not findings:
        yield from extent_findings([float(box[key]) for key in keys], where, size, bbox_format)


def extent_findings(
    numbers: list[float], where: str, size: tuple[int, int] | None, bbox_format: BoxFormat
) -> Iterator[Finding]:
    """What is wrong with a box of four finite numbers, in the order of `BOX_KEYS`."""
    boxes = boxes_to_cxcywh(np.array([numbers], np.float64), bbox_format)
    cx, cy, w, h = boxes[0].tolist()
    is_norm = bbox_format == "cxcywh_norm"
    if w < 0 or h < 0:
        fix = "swap the corners, or declare the right bbox_format"
        yield Finding("YZ709", where, f"negative size {w:g} x {h:g}", fix)
        return
    if w == 0 or h == 0:
        yield Finding("YZ712", where, f"empty box {w:g} x {h:g}", "leave out boxes without area", "warning")
    if is_norm:
        size = (1, 1)
    if size is None:
        return
    beyond = _beyond_image(boxes / (*size, *size))[0]
    extent = f"center {cx:g}, {cy:g}, size {w:g} x {h:g}"
    if beyond > FAR:
        fix = (
            "declare bbox_format if these are pixels"
            if is_norm
            else "declare the right bbox_format, or the right image_size"
        )
        yield Finding("YZ709", where, f"{extent} is no box in the image", fix)
    elif beyond > SLACK:
        yield Finding("YZ712", where, f"{extent} reaches beyond the image", "clip boxes to the image", "warning")


def _in_class_table(class_id: Any, where: str, category_ids: frozenset[int] | None) -> Iterator[Finding]:
    if category_ids is not None and type(class_id) is int and class_id >= 0 and class_id not in category_ids:
        problem = f"no class of the data set has the id {brief(class_id)}"
        fix = f"use category ids, not network indices; the data set has {first_of(category_ids)}"
        yield Finding("YZ715", where, problem, fix)


def pose_fields_findings(detection: dict[str, Any], where: str) -> Iterator[Finding]:
    """What is wrong with the fields of a pose, as far as there are any."""
    well_formed = {}
    for name, value in detection.items():
        if name in POSE_FIELDS_BY_NAME:
            findings = list(field_findings(value, f"{where}.{name}", POSE_FIELDS_BY_NAME[name]))
            yield from findings
            if not findings:
                well_formed[name] = value
        elif name.startswith(SIGMA_PREFIX):
            shape = (len(value),) if isinstance(value, list) else ()
            yield from field_findings(value, member(where, name), NumberField(name, shape, "", low=0.0))
    yield from pose_findings(well_formed, where)


def _missing(where: str, key: str, detection: dict[str, Any]) -> Finding:
    guess = _meant(key, tuple(name for name in detection if name not in KNOWN_KEYS))
    fix = f"rename {guess!r} to {key!r}" if guess else f"every detection has {key}"
    return Finding("YZ703", f"{where}.{key}", "missing", fix)


@lru_cache(maxsize=256)
def _meant(key: str, candidates: tuple[str, ...]) -> str | None:
    """The candidate that may be a misspelled ``key``; remembered, because the same slip comes a million times."""
    return nearest(key, list(candidates))
