"""Lines of label files: ``class cx cy w h``, ``class x1 y1 x2 y2 x3 y3 …`` for a polygon, or a box with keypoints.

Coordinates are fractions of the image's width and height. The class is the network index. Behind a box stand keypoints
where the data set's ``kpt_shape`` says so; without it, a line of 7, 9, 11, … values is a polygon.
"""

from __future__ import annotations

import math
from pathlib import Path

from yolozu.artifacts.jsonio import explain_read_error
from yolozu.artifacts.packed_files import read_bytes
from yolozu.data.labels import Defect, Instance
from yolozu.data.layouts.ultralytics import Keypoints

FARTHEST = 1e6
"""A coordinate beyond this is no place near any image, nor one in px."""

MOST_CLASS_INDEX = 2**31

KEYPOINT_SPREAD = 0.3
"""Keypoints lie over more than this part of their box."""

SLACK = 0.02
"""How far, as a fraction of the image, keypoints and boxes may reach out and still be meant as such."""

SAME_POINT = 1e-3
"""Corners are written with three decimals or more."""


class LabelLines:
    """Reads label files, and remembers whether all of their polygons might be meant as keypoints."""

    def __init__(self, keypoints: Keypoints | None = None) -> None:
        """``keypoints`` stand behind each box; None where there are none."""
        self._keypoints = keypoints
        self._polygons: dict[tuple[int, int | None], tuple[str, int]] = {}

    def read(self, path: Path) -> tuple[Instance | Defect, ...]:
        """What each line of the label file at ``path`` holds: an object, or why there is none.

        Blank lines count for nothing.
        """
        try:
            text = read_bytes(path).decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            return (Defect("malformed_label", str(path), f"cannot be read: {explain_read_error(error)}"),)
        return tuple(
            self._line(line.split(), f"{path}:{number}")
            for number, line in enumerate(text.splitlines(), start=1)
            if line.strip()
        )

    def doubt(self) -> Defect | None:
        """That all polygons may be keypoints too: they have the same length, and each starts with a box of the rest."""
        if len(self._polygons) != 1:
            return None
        (((count, size), (first, lines)),) = self._polygons.items()
        if size is None:
            return None
        read = "1 line is read as a polygon" if lines == 1 else f"{lines} lines are read as polygons"
        shape = f"kpt_shape: [{(count - 4) // size}, {size}]"
        problem = f"{read} of {count // 2} points, and might be a box with keypoints: {shape}"
        return Defect("polygon_or_keypoints", first, problem)

    def _line(self, tokens: list[str], where: str) -> Instance | Defect:
        found = _wrong_count(len(tokens), self._keypoints) or _numbers(tokens)
        if isinstance(found, str):
            return Defect("malformed_label", where, found)
        class_index = _class_index(tokens[0])
        if class_index is None:
            return Defect("non_integer_class", where, f"class {tokens[0]!r:.40} is no integer")
        if abs(class_index) > MOST_CLASS_INDEX:
            return Defect("class_out_of_range", where, f"class {tokens[0]:.40} is no index of a class")
        farthest = max(found, key=abs)
        if abs(farthest) > FARTHEST:
            return Defect("box_outside_image", where, f"{farthest:g} is far outside the image, in px as in fractions")
        if len(found) == 4 or self._keypoints is not None:
            return Instance(where, class_index, (found[0], found[1], found[2], found[3]))
        key = len(found), _size_of_keypoints(found)
        first, lines = self._polygons.get(key, (where, 0))
        self._polygons[key] = (first, lines + 1)
        xs, ys = found[0::2], found[1::2]
        return Instance(where, class_index, _box_around(xs, ys), area_fraction=_polygon_area(xs, ys))


def _wrong_count(count: int, keypoints: Keypoints | None) -> str | None:
    if keypoints is not None:
        whole = 5 + keypoints.count * keypoints.size
        shape = f"[{keypoints.count}, {keypoints.size}]"
        return None if count in {5, whole} else f"{count} values; with kpt_shape {shape} a line has {whole}, or 5"
    if count == 5 or (count >= 7 and count % 2 == 1):
        return None
    told = " (keypoints need kpt_shape in data.yaml)" if count > 5 and (count - 5) % 3 == 0 else ""
    return f"{count} values; a box has 5, a polygon 7, 9, 11, …{told}"


def _class_index(token: str) -> int | None:
    """``1``, ``1.0`` and ``1e0`` alike; None where it is no whole number."""
    try:
        return int(token)
    except ValueError:
        pass
    try:
        value = float(token)
    except ValueError:
        return None
    return int(value) if value.is_integer() else None


def _numbers(tokens: list[str]) -> list[float] | str:
    """What stands behind the class, or what is wrong with it."""
    numbers = []
    for token in tokens[1:]:
        try:
            numbers.append(float(token))
        except ValueError:
            return f"is no number: {token!r:.40}"
    return numbers if all(map(math.isfinite, numbers)) else f"is not finite: {' '.join(tokens):.80}"


def _size_of_keypoints(numbers: list[float]) -> int | None:
    """Numbers per keypoint (2, or 3 with visibility) if a line can be a box with several keypoints; else None."""
    cx, cy, width, height = numbers[:4]
    box_is_inside = min(cx - width / 2, cy - height / 2) > -SLACK and max(cx + width / 2, cy + height / 2) < 1 + SLACK
    if width <= 0 or height <= 0 or not box_is_inside or _is_parallelogram(numbers):
        return None
    rest = numbers[4:]
    if len(rest) % 3 == 0 and {0.0, 1.0, 2.0}.issuperset(rest[2::3]) and _lie_in(rest[0::3], rest[1::3], numbers):
        return 3
    return 2 if _lie_in(rest[0::2], rest[1::2], numbers) else None


def _lie_in(xs: list[float], ys: list[float], box: list[float]) -> bool:
    """Whether several points lie spread over a box; (0, 0) stands for a point that is not seen."""
    cx, cy, width, height = box[:4]
    seen = [(x, y) for x, y in zip(xs, ys, strict=True) if (x, y) != (0.0, 0.0)]
    if len(seen) < 2:
        return False
    xs, ys = [x for x, _ in seen], [y for _, y in seen]
    inside = all(abs(x - cx) <= width / 2 + SLACK and abs(y - cy) <= height / 2 + SLACK for x, y in seen)
    return inside and max(xs) - min(xs) > KEYPOINT_SPREAD * width and max(ys) - min(ys) > KEYPOINT_SPREAD * height


def _is_parallelogram(numbers: list[float]) -> bool:
    """Whether it is an oriented box: four corners, the diagonals of which halve each other."""
    if len(numbers) != 8:
        return False
    ax, ay, bx, by, cx, cy, dx, dy = numbers
    return abs(ax + cx - bx - dx) < SAME_POINT and abs(ay + cy - by - dy) < SAME_POINT


def _box_around(xs: list[float], ys: list[float]) -> tuple[float, float, float, float]:
    left, right, top, bottom = min(xs), max(xs), min(ys), max(ys)
    return (left + right) / 2, (top + bottom) / 2, right - left, bottom - top


def _polygon_area(xs: list[float], ys: list[float]) -> float:
    """Area by the shoelace formula."""
    following = zip(xs[1:] + xs[:1], ys[1:] + ys[:1], strict=True)
    return abs(sum(x * next_y - next_x * y for x, y, (next_x, next_y) in zip(xs, ys, following, strict=True))) / 2
