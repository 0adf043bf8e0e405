"""Label files with a line per object: ``class cx cy w h``, or ``class x1 y1 x2 y2 x3 y3 …`` for a polygon.

Coordinates are fractions of the image's width and height. The class is the network index.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.data.labels import Defect, Instance, LabeledImage, SplitLabels
from yolozu.data.layouts.files import IMAGE_SUFFIXES, LABEL_SUFFIXES, SIDECAR_SUFFIXES, files_below, stem_of
from yolozu.data.readers.sidecar import Shapes, Sidecar, read_sidecar

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from yolozu.artifacts.classes import ClassTable
    from yolozu.data.layouts.layout import Layout, Split

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
        """Every image of the split with the lines of its label file, and the shapes that sidecars state."""
        stems, labels = self._images()
        found, shapes = set(labels), Shapes()
        images = tuple(read_labeled(self._layout, Path(image), stem, found, shapes) for image, stem in stems.items())
        return SplitLabels(self._split.name, images, tuple(stray_labels(labels, set(stems.values()))), shapes.models)

    def _images(self) -> tuple[dict[str, str], list[str]]:
        """Image file -> path of its labels without ending; and all files of labels."""
        images, labels = self._split.images_dir, self._split.labels
        names = files_below(images, IMAGE_SUFFIXES)
        below = files_below(labels, LABEL_SUFFIXES | SIDECAR_SUFFIXES) if labels.is_dir() else []
        return {f"{images}/{name}": f"{labels}/{stem_of(name)}" for name in names}, [
            f"{labels}/{name}" for name in below
        ]


def read_labeled(layout: Layout, path: Path, stem: str, found: Container[str], shapes: Shapes) -> LabeledImage:
    """An image with its labels.

    Args:
        layout: the data set.
        path: the image.
        stem: path of its label file and its sidecar, without ending.
        found: files of labels that exist.
        shapes: takes over the shapes of classes.
    """
    label, sidecar = f"{stem}.txt", f"{stem}.json"
    lines = read_label_file(Path(label)) if label in found else None
    read = Sidecar(lines or (), None, ())
    if sidecar in found:
        read = read_sidecar(Path(sidecar), layout.root, lines, shapes)
    return LabeledImage(
        image=layout.relative(path),
        path=path,
        instances=tuple(line for line in read.lines if isinstance(line, Instance)),
        defects=(*(line for line in read.lines if isinstance(line, Defect)), *read.defects),
        has_labels=lines is not None,
        camera=read.camera,
    )


def stray_labels(labels: Iterable[str], stems: Container[str]) -> Iterator[Defect]:
    """Files of labels that belong to none of the images with these ``stems``."""
    for label in labels:
        if stem_of(label) not in stems and stem_of(label).rpartition("/")[2] not in CLASS_LISTS:
            yield Defect("label_without_image", label, "no image has its name")


def read_label_file(path: Path) -> tuple[Instance | Defect, ...]:
    """What each line of a label file holds: an object, or why there is none. Blank lines count for nothing."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return (Defect("malformed_label", str(path), f"cannot be read: {error}"),)
    return tuple(
        _parse_line(line.split(), f"{path}:{number}")
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip()
    )


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
