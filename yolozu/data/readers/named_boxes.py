"""Boxes that carry the name of their class, as annotation tools write them: what all their readers share."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yolozu.artifacts.jsonio import is_text
from yolozu.data.labels import Defect, Instance, LabeledImage, SplitLabels
from yolozu.data.layouts.ultralytics import DATA_YAML, names_classes
from yolozu.structures.classes import ClassTable

if TYPE_CHECKING:
    from pathlib import Path

    from yolozu.data.layouts.layout import Layout, Split

FARTHEST = 1e6
"""A coordinate beyond this many pictures is no place near any."""


@dataclass(frozen=True, slots=True)
class NamedBox:
    """An object: where it is written, its class, left, top, right and bottom as fractions of the picture."""

    where: str
    name: str
    box_xyxy: tuple[float, float, float, float]
    is_ignored: bool = False


@dataclass(frozen=True, slots=True)
class NamedImage:
    """A picture with its objects, and with what could not be made one.

    Attributes:
        path: the file.
        boxes: its objects.
        has_labels: whether something says what is on it.
        size: (width, height) in px that the labels state.
    """

    path: Path
    boxes: tuple[NamedBox | Defect, ...]
    has_labels: bool
    size: tuple[int, int] | None = None


def number(text: object) -> float:
    """A coordinate, as a number or a text.

    Raises:
        ValueError: it is none.
    """
    try:
        value = float(text) if isinstance(text, str | int | float) and not isinstance(text, bool) else math.nan
    except (ValueError, OverflowError):
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{text!r:.40} is no number")
    return value


def class_name(text: object) -> str:
    """The name of a class.

    Raises:
        ValueError: it is none.
    """
    name = text.strip() if isinstance(text, str) else ""
    if not name or not is_text(name):
        raise ValueError(f"{text!r:.40} is no name of a class")
    return name


def around(points: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the points.

    Raises:
        ValueError: there are none.
    """
    if not points:
        raise ValueError("has no points")
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def turned(
    box_xyxy: tuple[float, float, float, float], degrees: float, pivot: tuple[float, float]
) -> list[tuple[float, float]]:
    """Corners of a box that is turned clockwise about ``pivot``, in the picture's px."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    left, top, right, bottom = box_xyxy
    px, py = pivot
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return [(px + (x - px) * cos - (y - py) * sin, py + (x - px) * sin + (y - py) * cos) for x, y in corners]


def as_fractions(
    box_xyxy_px: tuple[float, float, float, float], size: tuple[int, int]
) -> tuple[float, float, float, float]:
    """A box in px as fractions of its picture.

    Raises:
        ValueError: it is nowhere near the picture.
    """
    width, height = size
    left, top, right, bottom = box_xyxy_px
    found = left / width, top / height, right / width, bottom / height
    if max(map(abs, found)) > FARTHEST:
        raise ValueError("is no place on an image")
    return found


def classes_of(images: Iterable[NamedImage], first: Iterable[str] = ()) -> ClassTable:
    """The names in ``first``, in their order, and then the others that boxes have, sorted."""
    used = {box.name for image in images for box in image.boxes if isinstance(box, NamedBox)}
    listed = list(dict.fromkeys(first))
    names = [*listed, *sorted(used - set(listed))]
    return ClassTable(tuple(names), tuple(range(len(names))))


class NamedBoxReader(ABC):
    """Reads a split once its images are known; a class for each format says what they are."""

    def __init__(self, layout: Layout, split: Split) -> None:
        self._layout, self._split = layout, split

    @property
    @abstractmethod
    def images(self) -> Sequence[NamedImage]:
        """Every picture of the split with its boxes."""

    @property
    def names(self) -> Sequence[str]:
        """Classes that the format lists in an order of their own."""
        return ()

    def stray(self) -> Iterable[Defect]:
        """Labels that belong to no picture."""
        return ()

    def notes(self) -> Iterable[str]:
        """What is worth knowing and no defect."""
        return ()

    def stated_classes(self) -> ClassTable | None:
        """The names that boxes have in any split of the format; None where a file lists the classes: it decides."""
        layout, mine = self._layout, self._split
        described = layout.descriptor is not None and layout.descriptor.classes is not None
        if described or any(path.name != DATA_YAML or names_classes(path) for path in layout.class_files):
            return None
        alike = [split for split in layout.splits.values() if split.label_format == mine.label_format]
        others = {(split.images_dir, split.labels): split for split in alike if split.missing is None}
        others.pop((mine.images_dir, mine.labels), None)
        readers = [self, *(type(self)(layout, split) for split in others.values())]
        images = (image for reader in readers for image in reader.images)
        return classes_of(images, [name for reader in readers for name in reader.names])

    def read(self, classes: ClassTable | None) -> SplitLabels:
        """Every picture with its objects, in order of path."""
        assert classes is not None, "a file lists them, or the labels do"
        index_of = {name: index for index, name in enumerate(classes.names)}
        rows = sorted((_labeled(self._layout, image, index_of) for image in self.images), key=lambda row: row.image)
        return SplitLabels(self._split.name, tuple(rows), tuple(self.stray()), notes=tuple(self.notes()))


def _labeled(layout: Layout, image: NamedImage, index_of: dict[str, int]) -> LabeledImage:
    found = [_instance(box, index_of) if isinstance(box, NamedBox) else box for box in image.boxes]
    return LabeledImage(
        image=layout.relative(image.path),
        path=image.path,
        instances=tuple(entry for entry in found if isinstance(entry, Instance)),
        defects=tuple(entry for entry in found if isinstance(entry, Defect)),
        has_labels=image.has_labels,
        declared_size=image.size,
    )


def _instance(box: NamedBox, index_of: dict[str, int]) -> Instance | Defect:
    if box.name not in index_of:
        return Defect("class_out_of_range", box.where, f"{box.name!r} is no class of the data set")
    left, top, right, bottom = box.box_xyxy
    box_cxcywh = (left + right) / 2, (top + bottom) / 2, right - left, bottom - top
    return Instance(box.where, index_of[box.name], box_cxcywh, box.is_ignored)
