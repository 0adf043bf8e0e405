"""Label files with a line per object: ``class cx cy w h``, or ``class x1 y1 x2 y2 x3 y3 …`` for a polygon.

Coordinates are fractions of the image's width and height. The class is the network index.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from yolozu.data.files import IMAGE_SUFFIXES, LABEL_SUFFIXES, SIDECAR_SUFFIXES, files_below, stem_of
from yolozu.data.labels import Defect, Instance, LabeledImage, SplitLabels
from yolozu.data.readers.sidecar import read_sidecar

if TYPE_CHECKING:
    from pathlib import Path

    from yolozu.artifacts.classes import ClassTable
    from yolozu.data.layout import Layout, Split

CLASS_LISTS = frozenset({"classes"})
"""Labeling tools leave a ``classes.txt`` among the label files; it labels no image."""


class YoloReader:
    """Reads ``images_dir/a/b.jpg`` with ``labels/a/b.txt`` and the pose sidecar ``labels/a/b.json``."""

    def __init__(self, layout: Layout, split: Split) -> None:
        self._layout, self._split = layout, split

    def stated_classes(self) -> ClassTable | None:
        """None: label files hold indices only."""
        return None

    def read(self, classes: ClassTable | None) -> SplitLabels:  # noqa: ARG002 - a label's class is the index itself
        """Every image of the split with the lines of its label file."""
        split = self._split
        names = files_below(split.images_dir, IMAGE_SUFFIXES)
        found = files_below(split.labels, LABEL_SUFFIXES | SIDECAR_SUFFIXES) if split.labels.is_dir() else []
        beside = set(found)
        images = tuple(self._labeled(name, beside) for name in names)
        return SplitLabels(split.name, images, tuple(self._stray(found, {stem_of(name) for name in names})))

    def _labeled(self, name: str, beside: set[str]) -> LabeledImage:
        split, stem = self._split, stem_of(name)
        path, label, sidecar = split.images_dir / name, f"{stem}.txt", f"{stem}.json"
        instances, defects = read_label_file(split.labels / label) if label in beside else ((), ())
        camera = None
        if sidecar in beside:
            instances, camera = read_sidecar(split.labels / sidecar, self._layout.root, instances)
        return LabeledImage(
            image=self._layout.relative(path),
            path=path,
            instances=instances,
            defects=defects,
            has_labels=label in beside,
            camera=camera,
        )

    def _stray(self, found: list[str], stems: set[str]) -> list[Defect]:
        return [
            Defect("label_without_image", str(self._split.labels / name), "no image has its name")
            for name in found
            if stem_of(name) not in stems and stem_of(name).rpartition("/")[2] not in CLASS_LISTS
        ]


def read_label_file(path: Path) -> tuple[tuple[Instance, ...], tuple[Defect, ...]]:
    """Objects of one label file, and its lines that hold none. Blank lines count for nothing."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return (), (Defect("malformed_label", str(path), f"cannot be read: {error}"),)
    instances: list[Instance] = []
    defects: list[Defect] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            parsed = _parse_line(line.split(), f"{path}:{number}")
            if isinstance(parsed, Instance):
                instances.append(parsed)
            else:
                defects.append(parsed)
    return tuple(instances), tuple(defects)


def _parse_line(tokens: list[str], where: str) -> Instance | Defect:
    if len(tokens) != 5 and (len(tokens) < 7 or len(tokens) % 2 == 0):
        return Defect("malformed_label", where, f"{len(tokens)} values; a box has 5, a polygon 7, 9, 11, …")
    try:
        numbers = [float(token) for token in tokens[1:]]
    except ValueError as error:
        return Defect("malformed_label", where, f"is no number: {str(error).rpartition(': ')[2]}")
    if not all(map(math.isfinite, numbers)):
        return Defect("malformed_label", where, f"is not finite: {' '.join(tokens)}")
    try:
        class_index = int(tokens[0])
    except ValueError:
        return Defect("non_integer_class", where, f"class {tokens[0]!r} is no integer")
    if len(numbers) == 4:
        return Instance(where, class_index, (numbers[0], numbers[1], numbers[2], numbers[3]))
    xs, ys = numbers[0::2], numbers[1::2]
    return Instance(where, class_index, _box_around(xs, ys), area_fraction=_polygon_area(xs, ys))


def _box_around(xs: list[float], ys: list[float]) -> tuple[float, float, float, float]:
    left, right, top, bottom = min(xs), max(xs), min(ys), max(ys)
    return (left + right) / 2, (top + bottom) / 2, right - left, bottom - top


def _polygon_area(xs: list[float], ys: list[float]) -> float:
    """Area by the shoelace formula."""
    following = zip(xs[1:] + xs[:1], ys[1:] + ys[:1], strict=True)
    return abs(sum(x * next_y - next_x * y for x, y, (next_x, next_y) in zip(xs, ys, following, strict=True))) / 2
