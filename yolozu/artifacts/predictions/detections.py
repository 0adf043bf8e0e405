"""One detection, checked to the last number; every problem with its JSON path and a way out."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from yolozu.artifacts.prediction_formats import BoxFormat
from yolozu.artifacts.predictions.extra_fields import non_finite, repeated_keys, unread_findings
from yolozu.artifacts.predictions.findings import member
from yolozu.artifacts.predictions.poses import pose_findings
from yolozu.artifacts.predictions.types import (
    BOX_KEYS,
    POSE_FIELDS,
    REQUIRED_FIELDS,
    SIGMA_PREFIX,
    NumberField,
    boxes_to_cxcywh,
)
from yolozu.errors import Finding
from yolozu.registry import nearest

KNOWN_KEYS = ("class_id", "score", "bbox", *(field.name for field in POSE_FIELDS))
POSE_FIELDS_BY_NAME = {field.name: field for field in POSE_FIELDS}

SLACK = 1e-6
"""How far rounding may carry a box beyond the image before it is mentioned."""
FAR = 1.0
"""A center this far outside the image, or a side this much longer than it (in image sides), is no box in it at all."""

_SHORT = reprlib.Repr()
_SHORT.maxlist, _SHORT.maxdict, _SHORT.maxlevel, _SHORT.maxstring = 4, 3, 2, 60


@dataclass(frozen=True)
class DetectionRules:
    """What a detection is held against.

    Attributes:
        bbox_format: how boxes are written.
        category_ids: the class table's ids; None when no data set is given.
    """

    bbox_format: BoxFormat
    category_ids: frozenset[int] | None = None


def findings_in(detection: Any, where: str, size: tuple[int, int] | None, rules: DetectionRules) -> Iterator[Finding]:
    """Everything that is wrong with one detection.

    Args:
        detection: the value that stands in the file.
        where: its JSON path.
        size: (width, height) of the image in px, where known; boxes in px are only held against a known size.
        rules: what it is held against.
    """
    if not isinstance(detection, dict):
        yield Finding(
            "YZ702", where, f"{kind_of(detection)} where a detection should be", "write an object per detection"
        )
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
            yield from unread_findings(value, member(where, key))


def is_known(key: str) -> bool:
    """Whether something reads this key of a detection."""
    return key in KNOWN_KEYS or key.startswith(SIGMA_PREFIX)


def number_finding(value: Any, where: str, field: NumberField) -> Finding | None:
    """What is wrong with a number, if anything; ``field`` gives its bounds, not its shape."""
    if type(value) is float and not math.isfinite(value):
        return non_finite(value, where)
    if type(value) is not int and (field.integer or type(value) is not float):
        wanted, how = ("an integer", "without quotes or fraction") if field.integer else ("a number", "without quotes")
        return Finding("YZ707", where, f"{kind_of(value)}, not {wanted}", f"write {wanted} {how}")
    if not field.low <= value <= field.high:
        return Finding("YZ709", where, f"{brief(value)} is outside {_span(field)}", f"write {field.name} inside it")
    if type(value) is int and abs(value) > 2**1023:
        return Finding("YZ709", where, f"{brief(value)} is no number a computer calculates with", "write fewer digits")
    return None


def field_findings(value: Any, where: str, field: NumberField) -> Iterator[Finding]:
    """What is wrong with a field: its shape, and each of its numbers."""
    yield from _in_numbers(value, where, field, field.shape)


def _in_numbers(value: Any, where: str, field: NumberField, shape: tuple[int, ...]) -> Iterator[Finding]:
    if not shape:
        finding = number_finding(value, where, field)
        if finding is not None:
            yield finding
    elif not isinstance(value, list):
        yield Finding(
            "YZ707", where, f"{kind_of(value)}, not a list of {shape[0]}", f"write {field.name} as {_layout(field)}"
        )
    elif len(value) != shape[0]:
        yield Finding("YZ710", where, f"{len(value)} items, not {shape[0]}", f"write {field.name} as {_layout(field)}")
    else:
        for index, item in enumerate(value):
            yield from _in_numbers(item, f"{where}[{index}]", field, shape[1:])


def _in_box(box: Any, where: str, size: tuple[int, int] | None, bbox_format: BoxFormat) -> Iterator[Finding]:
    keys = BOX_KEYS[bbox_format]
    if not isinstance(box, dict):
        yield Finding("YZ707", where, f"{kind_of(box)}, not an object", f"write {{{', '.join(keys)}}} ({bbox_format})")
        return
    yield from repeated_keys(box, where)
    sound = True
    for key in keys:
        if key not in box:
            finding: Finding | None = Finding(
                "YZ703",
                f"{where}.{key}",
                "missing",
                f"{bbox_format} boxes have {', '.join(keys)}; declare another bbox_format if these are none",
            )
        else:
            finding = number_finding(box[key], f"{where}.{key}", NumberField(key, (), ""))
        if finding is not None:
            sound = False
            yield finding
    for key in (key for key in box if key not in keys):
        yield from unread_findings(box[key], member(where, key))
    if sound:
        yield from extent_findings([float(box[key]) for key in keys], where, size, bbox_format)


def extent_findings(
    numbers: list[float], where: str, size: tuple[int, int] | None, bbox_format: BoxFormat
) -> Iterator[Finding]:
    """What is wrong with a box of four finite numbers, in the order of `BOX_KEYS`."""
    cx, cy, w, h = boxes_to_cxcywh(np.array([numbers], np.float64), bbox_format)[0].tolist()
    if w < 0 or h < 0:
        yield Finding(
            "YZ709", where, f"negative size {w:g} x {h:g}", "swap the corners, or declare the right bbox_format"
        )
        return
    if w == 0 or h == 0:
        yield Finding("YZ712", where, f"empty box {w:g} x {h:g}", "leave out boxes without area", "warning")
    if bbox_format == "cxcywh_norm":
        width, height = 1, 1
    elif size is None:
        return
    else:
        width, height = size
    outside = max(-cx / width, cx / width - 1, -cy / height, cy / height - 1, w / width - 1, h / height - 1)
    if outside > FAR:
        hint = (
            "declare bbox_format if these are pixels"
            if bbox_format == "cxcywh_norm"
            else "declare the right bbox_format, or the right image_size"
        )
        yield Finding("YZ709", where, f"center {cx:g}, {cy:g}, size {w:g} x {h:g} is no box in the image", hint)
    elif outside > SLACK:
        yield Finding(
            "YZ712",
            where,
            f"center {cx:g}, {cy:g}, size {w:g} x {h:g} reaches beyond the image",
            "clip boxes to the image",
            "warning",
        )


def _in_class_table(class_id: Any, where: str, category_ids: frozenset[int] | None) -> Iterator[Finding]:
    if category_ids is not None and type(class_id) is int and class_id >= 0 and class_id not in category_ids:
        known = ", ".join(map(str, sorted(category_ids)[:8])) + (", …" if len(category_ids) > 8 else "")
        yield Finding(
            "YZ715",
            where,
            f"no class of the data set has the id {brief(class_id)}",
            f"use category ids, not network indices; the data set has {known}",
        )


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
    return Finding(
        "YZ703", f"{where}.{key}", "missing", f"rename {guess!r} to {key!r}" if guess else f"every detection has {key}"
    )


@lru_cache(maxsize=256)
def _meant(key: str, candidates: tuple[str, ...]) -> str | None:
    """The candidate that may be a misspelled ``key``; remembered, because the same slip comes a million times."""
    return nearest(key, list(candidates))


def brief(value: Any) -> str:
    """The value in a few words, whatever its size."""
    return _SHORT.repr(value)


def kind_of(value: Any) -> str:
    """What stands there, for a sentence."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, str):
        return f"the text {brief(value)}"
    if isinstance(value, (int, float)):
        return f"the number {brief(value)}"
    return "a list" if isinstance(value, list) else "an object"


def _span(field: NumberField) -> str:
    low = f"{field.low:g}" if not field.integer else str(int(field.low))
    if math.isinf(field.high):
        return f"[{low}, ∞)"
    return f"[{low}, {field.high:g}]" if not field.integer else f"{low} … {int(field.high)}"


def _layout(field: NumberField) -> str:
    return (
        " lists of ".join(map(str, field.shape)) + " numbers"
        if len(field.shape) > 1
        else f"a list of {field.shape[0]} numbers"
    )
