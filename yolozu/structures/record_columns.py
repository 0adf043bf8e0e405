"""Images of a data set in columns: as a record of arrays each, they take ten times the room of what they say."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, overload

import numpy as np
from numpy.typing import NDArray

from yolozu.structures.image_record import ImageRecord
from yolozu.structures.poses import PoseLabels


@dataclass(frozen=True, eq=False)
class Columns:
    """What I images of T objects say; the objects of an image lie side by side.

    Attributes:
        images: (I,) as in `ImageRecord`, like all that follows.
        sizes_I2: int64 width and height, px.
        sha256s: (I,).
        starts: (I + 1,) int64: the objects of image ``i`` are those from ``starts[i]`` to ``starts[i + 1]``.
        class_indices: (T,) int64.
        boxes_cxcywh: (T, 4) float64.
        is_crowd: (T,) bool.
        areas_px: (T,) float64.
        rare: of images that have them, by number: ``poses``, ``masks``, ``number`` and ``labeled_classes``.
    """

    images: list[str]
    sizes_I2: NDArray[np.int64]
    sha256s: list[str]
    starts: NDArray[np.int64]
    class_indices: NDArray[np.int64]
    boxes_cxcywh: NDArray[np.float64]
    is_crowd: NDArray[np.bool_]
    areas_px: NDArray[np.float64]
    rare: dict[int, dict[str, Any]]

    @classmethod
    def of_rows(cls, rows: Iterable[dict[str, Any]]) -> Self:
        """Of what `ImageRecord.to_json` gave for each image; only one of them need be in memory.

        Raises:
            KeyError, TypeError, ValueError: a row is none.
        """
        images, sha256s, rare = list[str](), list[str](), dict[int, dict[str, Any]]()
        sizes, ends = array("q"), array("q", [0])
        classes, boxes, crowds, areas = array("q"), array("d"), array("b"), array("d")
        for row in rows:
            count = len(row["class_indices"])
            if {len(row[name]) for name in ("boxes_cxcywh", "is_crowd", "areas_px")} != {count}:
                raise ValueError(f"{row['image']}: its objects do not have one class, box and area each")
            for box in row["boxes_cxcywh"]:
                x, y, width, height = box
                boxes.extend((x, y, width, height))
            classes.extend(row["class_indices"])
            crowds.extend(row["is_crowd"])
            areas.extend(row["areas_px"])
            ends.append(len(classes))
            sizes.extend((row["width"], row["height"]))
            if found := _rare(row):
                rare[len(images)] = found
            images.append(row["image"])
            sha256s.append(row["sha256"])
        return cls(
            images,
            _as_array(sizes, np.int64).reshape(-1, 2),
            sha256s,
            _as_array(ends, np.int64),
            _as_array(classes, np.int64),
            _as_array(boxes, np.float64).reshape(-1, 4),
            _as_array(crowds, np.int8).astype(np.bool_),
            _as_array(areas, np.float64),
            rare,
        )

    def record(self, number: int, root: Path) -> ImageRecord:
        """An image of a data set at ``root``; its arrays are views."""
        own = slice(int(self.starts[number]), int(self.starts[number + 1]))
        width, height = self.sizes_I2[number].tolist()
        return ImageRecord(
            image=self.images[number],
            path=root / self.images[number],
            width=width,
            height=height,
            sha256=self.sha256s[number],
            class_indices=self.class_indices[own],
            boxes_cxcywh=self.boxes_cxcywh[own],
            is_crowd=self.is_crowd[own],
            areas_px=self.areas_px[own],
            **self.rare.get(number, {}),
        )


class RecordColumns(Sequence[ImageRecord]):
    """Images in their order, of which each is made into a record when it is asked for."""

    def __init__(self, columns: Columns, root: Path, places: range | None = None) -> None:
        """Those at ``places`` (all by default) of a data set at ``root``."""
        self._columns, self._root = columns, root
        self._places = range(len(columns.images)) if places is None else places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> ImageRecord: ...

    @overload
    def __getitem__(self, place: slice) -> RecordColumns: ...

    def __getitem__(self, place: int | slice) -> ImageRecord | RecordColumns:
        """An image, or some as columns again."""
        if isinstance(place, slice):
            return RecordColumns(self._columns, self._root, self._places[place])
        return self._columns.record(self._places[place], self._root)

    def __iter__(self) -> Iterator[ImageRecord]:
        return (self._columns.record(place, self._root) for place in self._places)


def _rare(row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if row["poses"] is not None:
        found["poses"] = PoseLabels.from_json(row["poses"])
    if row["masks"]:
        found["masks"] = tuple(None if mask is None else (mask[0], mask[1]) for mask in row["masks"])
    if row.get("number") is not None:
        found["number"] = row["number"]
    if "labeled_classes" in row:
        found["labeled_classes"] = tuple(row["labeled_classes"])
    return found


def _as_array(values: array[Any], dtype: Any) -> NDArray[Any]:
    """Its own memory, no larger than it has to be."""
    return np.array(values, dtype=dtype)
