"""Values that nothing reads: they must be JSON all the same, because they are kept and written again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from yolozu.artifacts.predictions.findings import member
from yolozu.artifacts.predictions.stream import RepeatedKeys
from yolozu.errors import Finding

HARMLESS = frozenset((str, int, bool, type(None)))


def unread_findings(value: Any, where: str) -> Iterator[Finding]:
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
    """Whether `unread_findings` has nothing to say."""
    kind = type(value)
    if kind in HARMLESS or (kind is float and math.isfinite(value)):
        return True
    return next(unread_findings(value, ""), None) is None


def non_finite(number: float, where: str) -> Finding:
    """What is said of NaN and infinity."""
    fix = "write a finite number; look for a division by zero where it was made"
    return Finding("YZ708", where, f"{number} is not finite", fix)


def repeated_keys(value: dict[str, Any], where: str) -> Iterator[Finding]:
    """A finding for each key that an object holds twice."""
    if isinstance(value, RepeatedKeys):
        for key in value.repeated:
            yield Finding("YZ706", member(where, key), "the key stands twice in one object", "keep one of them")
