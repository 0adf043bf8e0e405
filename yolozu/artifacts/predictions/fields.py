"""The fields of a predictions file: what they are called, and what is wrong with a value that stands in one."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from yolozu.artifacts.predictions.findings import member
from yolozu.artifacts.predictions.stream import RepeatedKeys
from yolozu.errors import Finding

LARGEST_CLASS_ID = 2**31 - 1


@dataclass(frozen=True)
class NumberField:
    """A field of a detection: a number, or nested lists of numbers of a fixed shape.

    Attributes:
        name: key in the file.
        shape: ``()`` for a number, ``(3, 3)`` for three lists of three.
        low: smallest value, inclusive.
        high: largest value, inclusive.
        integer: whether only integers count as numbers here.
        meaning: what it is, with frame and unit.
    """

    name: str
    shape: tuple[int, ...]
    meaning: str
    low: float = -math.inf
    high: float = math.inf
    integer: bool = False


REQUIRED_FIELDS = (
    NumberField("class_id", (), "Category id of the data set.", 0, LARGEST_CLASS_ID, integer=True),
    NumberField("score", (), "Confidence.", 0.0, 1.0),
)

POSE_FIELDS = (
    NumberField("R", (3, 3), "Rotation from object model to camera, rows of the matrix."),
    NumberField("t_xyz", (3,), "Translation from object model to camera, metres."),
    NumberField("log_z", (), "Natural logarithm of the depth in metres, that of t_xyz."),
    NumberField("rot6d", (6,), "First, then second column of the rotation before Gram-Schmidt, of any length."),
    NumberField("offsets", (2,), "Shift from box center to projected object center, px of the model input."),
    NumberField("k_delta", (4,), "Intrinsics correction: dfx, dfy relative, dcx, dcy in px of the model input."),
)

SIGMA_PREFIX = "sigma_"
"""Fields so named are predicted uncertainties: a number of at least 0, or a list of them."""

KNOWN_KEYS = ("class_id", "score", "bbox", *(field.name for field in POSE_FIELDS))

_SHORT = reprlib.Repr()
_SHORT.maxlist, _SHORT.maxdict, _SHORT.maxlevel, _SHORT.maxstring = 4, 3, 2, 60
HARMLESS = frozenset((str, int, bool, type(None)))


def is_known(key: str) -> bool:
    """Whether something reads this key of a detection."""
    return key in KNOWN_KEYS or key.startswith(SIGMA_PREFIX)


def _in_number(value: Any, where: str, field: NumberField) -> Iterator[Finding]:
    if type(value) is float and not math.isfinite(value):
        yield non_finite(value, where)
    elif type(value) is not int and (field.integer or type(value) is not float):
        wanted, how = ("an integer", "without quotes or fraction") if field.integer else ("a number", "without quotes")
        yield Finding("YZ707", where, f"{kind_of(value)}, not {wanted}", f"write {wanted} {how}")
    elif not field.low <= value <= field.high:
        yield Finding("YZ709", where, f"{brief(value)} is outside {_span(field)}", f"write {field.name} inside it")
    elif type(value) is int and abs(value) > 2**1023:
        yield Finding("YZ709", where, f"{brief(value)} is no number a computer calculates with", "write fewer digits")


def field_findings(
    value: Any, where: str, field: NumberField, shape: tuple[int, ...] | None = None
) -> Iterator[Finding]:
    """What is wrong with a field: its shape (``shape`` where only a part of it stands here), and each number."""
    shape = field.shape if shape is None else shape
    if not shape:
        yield from _in_number(value, where, field)
    elif not isinstance(value, list):
        fix = f"write {field.name} as {_layout(field)}"
        yield Finding("YZ707", where, f"{kind_of(value)}, not a list of {shape[0]}", fix)
    elif len(value) != shape[0]:
        yield Finding("YZ710", where, f"{len(value)} items, not {shape[0]}", f"write {field.name} as {_layout(field)}")
    else:
        for index, item in enumerate(value):
            yield from field_findings(item, f"{where}[{index}]", field, shape[1:])


def extra_findings(value: Any, where: str) -> Iterator[Finding]:
    """Numbers that JSON does not have and keys that stand twice, however deep in ``value``.

    Args:
        value: what stands in the file.
        where: its JSON path.
    """
    waiting = [(value, where)]
    while waiting:
        inner, place = waiting.pop()
        if isinstance(inner, dict):
            yield from repeated_keys(inner, place)
            waiting += [(item, member(place, key)) for key, item in reversed(inner.items())]
        elif isinstance(inner, list):
            waiting += [(item, f"{place}[{index}]") for index, item in reversed(list(enumerate(inner)))]
        elif isinstance(inner, float) and not math.isfinite(inner):
            yield non_finite(inner, place)


def is_harmless(value: Any) -> bool:
    """Whether `extra_findings` has nothing to say."""
    kind = type(value)
    if kind in HARMLESS or (kind is float and math.isfinite(value)):
        return True
    return next(extra_findings(value, ""), None) is None


def non_finite(number: float, where: str) -> Finding:
    """What is said of NaN and infinity."""
    fix = "write a finite number; look for a division by zero where it was made"
    return Finding("YZ708", where, f"{number} is not finite", fix)


def repeated_keys(value: dict[str, Any], where: str) -> Iterator[Finding]:
    """A finding for each key that an object holds twice."""
    if isinstance(value, RepeatedKeys):
        for key in value.repeated:
            yield Finding("YZ706", member(where, key), "the key stands twice in one object", "keep one of them")


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


def first_of(ids: Collection[int]) -> str:
    """The smallest of some ids, for a sentence."""
    return ", ".join(map(str, sorted(ids)[:8])) + (", …" if len(ids) > 8 else "")
