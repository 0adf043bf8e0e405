"""Values of COCO files: what has one meaning is read, however it is written."""

from __future__ import annotations

import re

from yolozu.artifacts.jsonio import is_text
from yolozu.geometry.pose_values import Numbers4

FARTHEST_PX = 1e9
"""A coordinate beyond this is no place near any image."""

_NUMBER = re.compile(r"[-+]?\d{1,30}(\.\d*)?([eE][-+]?\d{1,3})?", re.ASCII)


def whole_number(value: object) -> int:
    """``12``, ``12.0``, ``true`` (which is 1) or ``"000012"`` as an integer.

    Raises:
        ValueError: it is something else, or has more than 64 bits.
    """
    read = _of_text(value) if isinstance(value, str) else value
    if isinstance(read, float) and read.is_integer():
        read = int(read)
    if not isinstance(read, int) or abs(read) >= 1 << 63:
        raise ValueError(f"{value!r:.40} is no whole number")
    return int(read)


def measure(value: object) -> float:
    """A finite number, maybe written as text. A boolean measures nothing.

    Raises:
        ValueError: it is something else, or so large that it is none of an image.
    """
    read = _of_text(value) if isinstance(value, str) else value
    if isinstance(read, bool) or not isinstance(read, int | float):
        raise ValueError(f"{value!r:.40} is no finite number")  # noqa: TRY004 - one kind of error: the file is wrong
    if not abs(read) <= FARTHEST_PX**2:  # also where it is NaN
        raise ValueError(f"{value!r:.40} is no number of an image")
    return float(read)


def box(value: object) -> Numbers4:
    """``[x, y, width, height]``.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(value, list) or len(value) != 4:
        shape = f"a list of {len(value)}" if isinstance(value, list) else f"{value!r:.40}"
        raise ValueError(f"bbox must be [x, y, width, height], is {shape}")
    x, y, width, height = (measure(entry) for entry in value)
    farthest = max(x, y, width, height, key=abs)
    if abs(farthest) > FARTHEST_PX:
        raise ValueError(f"{farthest:g} is no place on an image")
    return x, y, width, height


def flag(value: object, name: str) -> bool:
    """A yes or no: absent (None), ``false``, 0 or ``"0"``, and ``true``, 1 or ``"1"``.

    Raises:
        ValueError: it is something else; ``name`` says what.
    """
    try:
        return {0: False, 1: True}[0 if value is None else whole_number(value)]
    except (KeyError, ValueError):
        raise ValueError(f"{name} {value!r:.40} is neither 0 nor 1") from None


def name_of(value: object) -> str:
    """The name of a class: a text, or a number, which is read as one.

    Raises:
        ValueError: it is something else.
    """
    named = isinstance(value, str) and value.strip() != ""
    if not named and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise ValueError(f"{value!r:.40} is no name")
    if not is_text(str(value)):
        raise ValueError(f"{value!r:.40} holds half a character")
    return str(value)


def _of_text(text: str) -> int | float | None:
    stripped = text.strip()
    if not _NUMBER.fullmatch(stripped):
        return None
    return int(stripped) if stripped.lstrip("+-").isdigit() else float(stripped)
