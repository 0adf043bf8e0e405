"""Rotations, translations and cameras as files spell them; `yolozu.data.checking.rules` judges what they mean."""

from __future__ import annotations

import math
from typing import Any

Numbers3 = tuple[float, float, float]
Numbers4 = tuple[float, float, float, float]
Rows33 = tuple[Numbers3, Numbers3, Numbers3]

NUMBER_TYPES = frozenset({int, float})
"""Exactly these: a boolean is an int to Python, and no number to us."""

LARGEST = 1e12
"""No length, in mm or px, is larger; squares and products of what is smaller are numbers still."""

SHORTEST_FOCAL_PX = 1e-3

CAMERA_FORMS = "write [fx, fy, cx, cy], {fx, fy, cx, cy}, a 3×3 matrix, its 9 entries, or OpenCV's {camera_matrix}"


def number(value: object) -> float:
    """``value`` as a finite number.

    Raises:
        ValueError: it is none; a boolean is none either.
    """
    (found,) = numbers([value], 1)
    return found


def numbers(value: object, count: int) -> tuple[float, ...]:
    """A list of ``count`` finite numbers.

    Raises:
        ValueError: it is none, or holds a number beyond `LARGEST`.
    """
    if not isinstance(value, list) or len(value) != count:
        raise ValueError(f"must be {count} numbers, {_shape(value)}")
    try:
        if NUMBER_TYPES.issuperset(map(type, value)) and all(map(math.isfinite, value)):
            found = tuple(map(float, value))
            if max(map(abs, found)) <= LARGEST:
                return found
            raise ValueError(f"{max(found, key=abs):g} is too large")
    except OverflowError:
        pass  # a whole number beyond all floats is none of ours either
    wrong = next((entry for entry in value if not _is_number(entry)), value)
    raise ValueError(f"{wrong!r:.40} is no finite number")


def vector(value: object) -> Numbers3:
    """Three finite numbers, also as a matrix of one row or one column.

    Raises:
        ValueError: it is something else.
    """
    rows = value if isinstance(value, list) and value and all(isinstance(row, list) for row in value) else []
    nested = len(rows) == 1 or all(len(row) == 1 for row in rows)
    x, y, z = numbers([number for row in rows for number in row] if rows and nested else value, 3)
    return x, y, z


def matrix(value: object) -> Rows33:
    """The rows of a 3×3 matrix, from three lists of three or from nine numbers, row after row.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(value, list) or len(value) not in {3, 9}:
        raise ValueError(f"must be 3×3 or 9 numbers, {_shape(value)}")
    if len(value) == 9:
        a, b, c, d, e, f, g, h, i = numbers(value, 9)
        return (a, b, c), (d, e, f), (g, h, i)
    return vector(value[0]), vector(value[1]), vector(value[2])


def camera(value: object) -> Numbers4:
    """fx, fy, cx, cy of a pinhole camera without skew, in any of the forms that `CAMERA_FORMS` lists.

    Raises:
        ValueError: it is no such camera.
    """
    if isinstance(value, dict):
        return _camera_of_map(value)
    if isinstance(value, list) and len(value) == 4:
        fx, fy, cx, cy = numbers(value, 4)
        return _positive(fx, fy, cx, cy)
    if not isinstance(value, list) or len(value) not in {3, 9}:
        raise ValueError(f"is no camera: {CAMERA_FORMS}")
    (fx, skew, cx), (below, fy, cy), bottom = matrix(value)
    if bottom != (0.0, 0.0, 1.0) or below != 0.0:
        raise ValueError("is no camera matrix: its entries below the diagonal are 0 and its last is 1")
    if skew != 0.0:
        raise ValueError(f"has skew {skew:g}; only cameras without skew are known here")
    return _positive(fx, fy, cx, cy)


def _camera_of_map(value: dict[str, Any]) -> Numbers4:
    if "camera_matrix" in value:
        distortion = _data_of(value.get("distortion_coefficients", value.get("dist_coeffs", [])))
        if not isinstance(distortion, list) or any(entry != 0 for entry in distortion):
            raise ValueError("has lens distortion; undistort the images and give the camera of the result")
        found = _data_of(value["camera_matrix"])
        if isinstance(found, dict):
            raise ValueError(f"is no camera: {CAMERA_FORMS}")
        return camera(found)
    if set(value) != {"fx", "fy", "cx", "cy"}:
        raise ValueError(f"is no camera: {CAMERA_FORMS}")
    return _positive(number(value["fx"]), number(value["fy"]), number(value["cx"]), number(value["cy"]))


def _data_of(value: object) -> object:
    """OpenCV writes a matrix as ``{rows, cols, dt, data}``."""
    return value["data"] if isinstance(value, dict) and "data" in value else value


def _positive(fx: float, fy: float, cx: float, cy: float) -> Numbers4:
    if min(fx, fy) < SHORTEST_FOCAL_PX:
        raise ValueError(f"has focal lengths {fx:g} and {fy:g}; they are above 0")
    return fx, fy, cx, cy


def _is_number(value: object) -> bool:
    try:
        return type(value) in NUMBER_TYPES and math.isfinite(value)  # type: ignore[arg-type]
    except OverflowError:
        return False


def _shape(value: object) -> str:
    return f"is a list of {len(value)}" if isinstance(value, list) else f"is {value!r:.40}"
