"""Predictions as columns: an ``.npz`` file beside a predictions file, bound to it by digest, read many times as fast.

::

    head.json       schema_version, predictions_sha256, meta, images, detections, names of the columns of poses
    entries.json    a list of the predictions file's entries without their detections
    image_index     (N,) int64, place of each detection's image in ``entries``; never falls
    class_ids       (N,) int64; scores (N,) float64; boxes_cxcywh (N, 4) float64
    R, t_xyz, …     (N, …) float64 as in `POSE_COLUMNS`, NaN where a detection has no such field

Nothing in it is packed or pickled, so what is read is never larger than the file. Equal predictions give equal bytes.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from yolozu.artifacts.jsonio import atomic_replacement
from yolozu.artifacts.predictions.write import entry_without_detections, json_text, said_of_boxes
from yolozu.structures.predictions import POSE_COLUMNS, is_given

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

    from yolozu.structures.predictions import ImagePredictions

SCHEMA_VERSION = 1
HEAD, ENTRIES = "head.json", "entries.json"
CORE_COLUMNS: dict[str, tuple[str, tuple[int, ...]]] = {
    "image_index": ("<i8", ()),
    "class_ids": ("<i8", ()),
    "scores": ("<f8", ()),
    "boxes_cxcywh": ("<f8", (4,)),
}
"""Name -> type and shape of what every detection has."""


def columns_path(predictions: Path) -> Path:
    """Where the columns of a predictions file are, if anywhere."""
    return predictions.with_suffix(".npz")


@dataclass(frozen=True, eq=False)
class Part:
    """Consecutive images and their detections, whose columns are made or read when they are asked for.

    Attributes:
        images: how many.
        detections: how many on all of them.
        poses: names of the columns of poses, in the order of a detection's fields.
        entries: JSON of the entries without detections, a comma between them.
        column: the values of a column, (N, …); ``image_index`` counts from this part's first image.
    """

    images: int
    detections: int
    poses: tuple[str, ...]
    entries: Callable[[], bytes]
    column: Callable[[str], NDArray[Any]]


def part_of(predictions: Sequence[ImagePredictions]) -> Part | None:
    """Predictions as one part; None where columns cannot say all that a predictions file says of them."""
    poses = one_order(_pose_names(entry) for entry in predictions)
    if poses is None or not all(_fits(entry) for entry in predictions):
        return None
    counts = [len(entry) for entry in predictions]

    def column(name: str) -> NDArray[Any]:
        if name == "image_index":
            return np.repeat(np.arange(len(counts), dtype=np.int64), counts)
        kind, shape = type_of(name)
        none = [np.empty((0, *shape), kind)]
        if name in CORE_COLUMNS:
            return np.concatenate(none + [getattr(entry, name) for entry in predictions], dtype=kind)
        missing = (np.full((count, *shape), np.nan) for count in counts)
        found = np.concatenate(none + [e.poses.get(name, m) for e, m in zip(predictions, missing, strict=True)])
        return np.where(np.isnan(found), np.nan, found)  # one NaN, of the many that there are

    def entries() -> bytes:
        texts = (json_text(entry_without_detections(entry)) for entry in predictions)
        return ",\n".join(texts).encode("utf-8", "backslashreplace")

    return Part(len(counts), sum(counts), poses, entries, column)


def write_columns(path: Path, parts: Sequence[Part], meta: Mapping[str, Any], *, predictions_sha256: str) -> bool:
    """Replace the file at ``path``, whole or not at all; never more than one column of one part is in memory.

    Args:
        path: the file.
        parts: the images in order.
        meta: as given to `write_predictions`.
        predictions_sha256: digest of the predictions file that says the same.

    Returns:
        Whether it was written: not where the parts have the fields of poses in different orders.
    """
    poses = one_order(part.poses for part in parts)
    if poses is None:
        return False
    rows = sum(part.detections for part in parts)
    head = {
        "schema_version": SCHEMA_VERSION,
        "predictions_sha256": predictions_sha256,
        "meta": said_of_boxes(meta),
        "images": sum(part.images for part in parts),
        "detections": rows,
        "poses": poses,
    }
    with atomic_replacement(path) as aside, zipfile.ZipFile(aside, "w") as archive:
        archive.writestr(zipfile.ZipInfo(HEAD), json_text(head).encode("utf-8", "backslashreplace"))
        with archive.open(zipfile.ZipInfo(ENTRIES), "w", force_zip64=True) as file:
            file.write(b"[" + b",\n".join(part.entries() for part in parts if part.images) + b"]")
        for name in (*CORE_COLUMNS, *poses):
            kind, shape = type_of(name)
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as file:
                file.write(_npy_header(kind, (rows, *shape)))
                for values in _values(name, parts):
                    file.write(np.ascontiguousarray(values, kind).tobytes())
    return True


def one_order(orders: Iterable[tuple[str, ...]]) -> tuple[str, ...] | None:
    """The order of which all are a part, each having some of its names; None where no one of them is that."""
    longest: tuple[str, ...] = ()
    for order in dict.fromkeys(orders):
        if _is_within(order, longest):
            continue
        if not _is_within(longest, order):
            return None
        longest = order
    return longest


def type_of(name: str) -> tuple[str, tuple[int, ...]]:
    """Type and shape of a detection's value in a column."""
    return CORE_COLUMNS.get(name) or ("<f8", POSE_COLUMNS[name])


class ColumnsFile:
    """An open file of columns.

    Whatever is wrong with it raises one of `ZIP_DAMAGE`, OSError, ValueError, KeyError or TypeError, here or later.
    """

    def __init__(self, path: Path) -> None:
        self._archive = zipfile.ZipFile(path)
        try:
            head = self._known_head()
        except BaseException:
            self._archive.close()
            raise
        self.predictions_sha256 = str(head["predictions_sha256"])
        self.meta: dict[str, Any] = head["meta"]
        self.images, self.detections = int(head["images"]), int(head["detections"])
        self.poses: tuple[str, ...] = tuple(head["poses"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._archive.close()

    def entries(self) -> bytes:
        """JSON of the entries without detections, a comma between them."""
        return self._member(ENTRIES)[1:-1]

    def column(self, name: str) -> NDArray[Any]:
        """(N, …) its values."""
        kind, shape = type_of(name)
        shape = (self.detections, *shape)
        content, header = bytearray(self._member(f"{name}.npy")), _npy_header(kind, shape)
        if not content.startswith(header):
            raise ValueError(f"{name} is of another type or shape")
        return np.frombuffer(content, kind, offset=len(header)).reshape(shape)

    def as_part(self) -> Part:
        """All of it, read when it is asked for, while the file is open."""
        return Part(self.images, self.detections, self.poses, self.entries, self.column)

    def _known_head(self) -> dict[str, Any]:
        head: dict[str, Any] = json.loads(self._member(HEAD))
        if head["schema_version"] != SCHEMA_VERSION or set(head["poses"]) - POSE_COLUMNS.keys():
            raise ValueError("is of another version")
        return head

    def _member(self, name: str) -> bytes:
        found = self._archive.getinfo(name)
        if found.compress_type != zipfile.ZIP_STORED or found.compress_size != found.file_size:
            raise ValueError(f"{name} is packed")
        return self._archive.read(found)


def _npy_header(kind: str, shape: tuple[int, ...]) -> bytes:
    """What stands before the numbers of an array in a ``.npy`` file (NEP 1, version 1.0): 128 bytes."""
    described = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode("ascii")
    return b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little") + described.ljust(117) + b"\n"


def _is_within(few: tuple[str, ...], many: tuple[str, ...]) -> bool:
    """Whether the names of one are among those of the other, in the same order."""
    return few == tuple(name for name in many if name in few)


def _pose_names(entry: ImagePredictions) -> tuple[str, ...]:
    """Columns that some detection has a value in, in the order in which a reader of the predictions file meets them."""
    first = {name: np.flatnonzero(is_given(column))[:1].tolist() for name, column in entry.poses.items()}
    return tuple(sorted((name for name, row in first.items() if row), key=lambda name: first[name]))


def _fits(entry: ImagePredictions) -> bool:
    """Whether its numbers are those of columns, and there is nothing besides them."""
    numbers = [entry.scores, entry.boxes_cxcywh, *entry.poses.values()]
    return (
        not entry.extras
        and np.issubdtype(entry.class_ids.dtype, np.integer)
        and np.can_cast(entry.class_ids.dtype, np.int64)
        and all(np.issubdtype(a.dtype, np.floating) and np.can_cast(a.dtype, np.float64) for a in numbers)
    )


def _values(name: str, parts: Sequence[Part]) -> Iterable[NDArray[Any]]:
    """A column, part by part."""
    kind, shape = type_of(name)
    images = 0
    for part in parts:
        if name in CORE_COLUMNS or name in part.poses:
            yield part.column(name) + images if name == "image_index" else part.column(name)
        else:
            yield np.full((part.detections, *shape), np.nan, kind)
        images += part.images
