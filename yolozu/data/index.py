"""The index of a split: every image with its size, digest and objects. What all later stages read instead of labels."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from yolozu.artifacts.classes import ClassTable
from yolozu.artifacts.jsonio import canonical, lack_of, read_json, write_text
from yolozu.data.poses import PoseLabels
from yolozu.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from yolozu.data.moved import Moved

SCHEMA_VERSION = 2


@dataclass(frozen=True, eq=False)
class ImageRecord:
    """One image and its N objects.

    Attributes:
        image: path relative to the data set's root, with ``/``; absolute where it is outside.
        path: the file, readable from the working directory.
        width: px, after EXIF orientation.
        height: px, after EXIF orientation.
        sha256: digest of the file.
        class_indices: (N,) int64 network index.
        boxes_cxcywh: (N, 4) float64 normalized to the image.
        is_crowd: (N,) bool, regions that are no training target.
        areas_px: (N,) float64 squared px, as annotated; box width × height where nothing is.
        poses: camera and poses; None in an image without either.
        masks: (N,) each object's picture of its visible pixels, relative to the data set's root or absolute, and the
            grey level that marks it (None: all above 0); None for an object without. Empty where no object has one.
        number: the id that an instances file gives it, where ids and paths order the images differently: detections of
            equal scores count in the order of ids. None where the order of paths is that of ids, or there are none.
    """

    image: str
    path: Path
    width: int
    height: int
    sha256: str
    class_indices: NDArray[np.int64]
    boxes_cxcywh: NDArray[np.float64]
    is_crowd: NDArray[np.bool_]
    areas_px: NDArray[np.float64]
    poses: PoseLabels | None = None
    masks: tuple[tuple[str, int | None] | None, ...] = ()
    number: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The record without what its index knows."""
        numbered = {} if self.number is None else {"number": self.number}
        return {
            **numbered,
            "image": self.image,
            "width": self.width,
            "height": self.height,
            "sha256": self.sha256,
            "class_indices": self.class_indices.tolist(),
            "boxes_cxcywh": self.boxes_cxcywh.tolist(),
            "is_crowd": self.is_crowd.tolist(),
            "areas_px": self.areas_px.tolist(),
            "poses": None if self.poses is None else self.poses.to_json(),
            "masks": [None if mask is None else list(mask) for mask in self.masks],
        }

    @classmethod
    def from_json(cls, row: dict[str, Any], root: Path) -> Self:
        """The record that `to_json` wrote, of a data set at ``root``."""
        count = len(row["class_indices"])
        return cls(
            image=row["image"],
            path=root / row["image"],
            width=row["width"],
            height=row["height"],
            sha256=row["sha256"],
            class_indices=np.array(row["class_indices"], dtype=np.int64),
            boxes_cxcywh=np.array(row["boxes_cxcywh"], dtype=np.float64).reshape(count, 4),
            is_crowd=np.array(row["is_crowd"], dtype=np.bool_).reshape(count),
            areas_px=np.array(row["areas_px"], dtype=np.float64).reshape(count),
            poses=None if row["poses"] is None else PoseLabels.from_json(row["poses"]),
            masks=tuple(None if mask is None else (mask[0], mask[1]) for mask in row["masks"]),
            number=row.get("number"),
        )


@dataclass(frozen=True, eq=False)
class DataIndex:
    """A split of a data set.

    Attributes:
        root: the data set's directory, readable from the working directory.
        split: name of the split.
        classes: network index, category id and name of every class.
        records: images in order of path.
        root_base: whether the index file spells ``root`` relative to the working directory, or to itself because the
            two are moved together.
        labeled: whether anything says what is on the images; without, no object on them is no answer but a question.
    """

    root: Path
    split: str
    classes: ClassTable
    records: tuple[ImageRecord, ...]
    root_base: Literal["cwd", "index"] = "cwd"
    labeled: bool = True

    def __len__(self) -> int:
        return len(self.records)

    @property
    def has_poses(self) -> bool:
        """Whether any object has a pose."""
        return any(record.poses is not None and record.poses.has_pose_N.any() for record in self.records)

    @property
    def num_poses(self) -> int:
        """Objects with a pose."""
        return sum(int(record.poses.has_pose_N.sum()) for record in self.records if record.poses is not None)

    @property
    def has_objects(self) -> bool:
        """Whether any image shows an object; crowd regions are none."""
        return any(not record.is_crowd.all() for record in self.records)

    @property
    def num_instances(self) -> int:
        """Labeled objects, crowd regions included."""
        return sum(len(record.class_indices) for record in self.records)

    def write(self, path: Path) -> None:
        """Replace the index file at ``path``, whole or not at all."""
        beside = self.root_base == "index"
        root = Path(os.path.relpath(self.root, path.parent)).as_posix() if beside else str(self.root)
        document = {
            "schema_version": SCHEMA_VERSION,
            "root": root,
            "root_base": self.root_base,
            "split": self.split,
            "classes": self.classes.to_json(),
            "images": [record.to_json() for record in self.records],
            **({} if self.labeled else {"labeled": False}),
        }
        write_text(path, canonical(document) + "\n")

    @classmethod
    def read(cls, path: Path, moved: Moved | None = None) -> Self:
        """The index at ``path``.

        Args:
            path: the file.
            moved: where the data set lies now, if not where the index says.

        Raises:
            InputError: YZ206 the file is missing, damaged or of another version.
        """
        fix = "run the prepare_data stage again: doit run_id=… prepare_data"
        document = read_json(path, code="YZ206", fix=fix)
        try:
            return cls._from_json(document, path, moved)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError.one("YZ206", where=str(path), problem=f"is no index: {lack_of(error)}", fix=fix) from error

    @classmethod
    def _from_json(cls, document: dict[str, Any], path: Path, moved: Moved | None) -> Self:
        if document["schema_version"] != SCHEMA_VERSION:
            raise ValueError(f"schema_version {document['schema_version']}, expected {SCHEMA_VERSION}")
        base = document["root_base"]
        root = path.parent / document["root"] if base == "index" else Path(document["root"])
        root = root if moved is None or base == "index" else moved.at_present(root)
        records = tuple(ImageRecord.from_json(row, root) for row in document["images"])
        return cls(
            root,
            document["split"],
            ClassTable.from_json(document["classes"]),
            records,
            base,
            document.get("labeled", True),
        )
