"""Predictions read from the columns beside their file: equal to what the file gives, in a fraction of the time."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.jsonio import MISFIT
from yolozu.artifacts.predictions.check import KEEP, PredictionsCheck, check_of
from yolozu.artifacts.predictions.columns_file import CORE_COLUMNS, ColumnsFile, columns_path
from yolozu.artifacts.predictions.container import SCHEMA_VERSION, Attribute, Entry, Envelope
from yolozu.artifacts.predictions.detections import DetectionRules, has_suspects
from yolozu.artifacts.predictions.findings import Findings
from yolozu.artifacts.predictions.scan import Scan
from yolozu.artifacts.zip_damage import ZIP_DAMAGE
from yolozu.structures.predictions import ImagePredictions, is_given

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from yolozu.artifacts.prediction_formats import BoxFormat
    from yolozu.artifacts.predictions.container import Item
    from yolozu.artifacts.predictions.detections import Columns
    from yolozu.artifacts.predictions.entries import Head
    from yolozu.artifacts.predictions.image_names import KnownImages

UNUSABLE = (*ZIP_DAMAGE, *MISFIT, OSError)
"""What a file of columns raises that is damaged or none at all."""


def read_columns(
    path: Path, *, bbox_format: BoxFormat | None = None, known: KnownImages | None = None, passed: bool = False
) -> tuple[list[ImagePredictions], PredictionsCheck] | None:
    """The entries and the check of the predictions file at ``path``, from the columns beside it.

    Args:
        path: the predictions file.
        bbox_format: as in `load_predictions`.
        known: likewise.
        passed: likewise.

    Returns:
        None where the file itself has to be read: there are no columns of just this content, or something about them is
        to be found fault with, which only the file has places for.
    """
    table = _table_beside(path)
    if table is None:
        return None
    envelope, findings, heads = Envelope(bbox_format, None), Findings(KEEP, strict=False), _Heads()
    scan = Scan(envelope, findings, known, heads, passed=passed)
    scan.read(table.items())
    rules = DetectionRules(envelope.bbox_format, None if known is None else known.category_ids)
    poses = {} if passed else table.poses
    if findings.counts or has_suspects(table.class_ids, table.scores, table.boxes_cxcywh, poses, rules):
        return None
    check = replace(check_of(scan, envelope, findings, known), detections=len(table.scores))
    return list(table.images(heads.heads)), check


@dataclass(frozen=True, eq=False)
class _Table:
    """What a file of columns holds; see there."""

    meta: dict[str, Any]
    entries: list[dict[str, Any]]
    image_index: NDArray[np.int64]
    class_ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    boxes_cxcywh: NDArray[np.float64]
    poses: dict[str, NDArray[np.float64]]

    def items(self) -> Iterator[Item]:
        """The predictions file, but for the detections."""
        yield Attribute("schema_version", SCHEMA_VERSION)
        yield Attribute("meta", self.meta)
        yield Attribute("predictions", None)
        for place, entry in enumerate(self.entries):
            where = f"predictions[{place}]"
            yield Entry(where, f"{where}.image", f"{where}.detections", {**entry, "detections": []}, "wrapped")

    def images(self, heads: list[Head]) -> Iterator[ImagePredictions]:
        """The detections of each image."""
        bounds = np.searchsorted(self.image_index, np.arange(len(heads) + 1)).tolist()
        occurring = {name: _occurs(column, bounds) for name, column in self.poses.items()}
        for place, (head, (start, end)) in enumerate(zip(heads, pairwise(bounds), strict=True)):
            rows = slice(start, end)
            width, height = head.size if head.size is not None else (None, None)
            yield ImagePredictions(
                head.image,
                width,
                height,
                self.class_ids[rows],
                self.scores[rows],
                self.boxes_cxcywh[rows],
                intrinsics=head.value.get("intrinsics"),
                poses={name: column[rows] for name, column in self.poses.items() if occurring[name][place]},
            )


class _Heads:
    """Keeps what entries say of their images."""

    def __init__(self) -> None:
        self.heads: list[Head] = []

    def start(self, envelope: Envelope) -> None:  # noqa: ARG002 - the protocol's
        """Forget everything."""
        self.heads = []

    def take(self, heads: list[Head], columns: Columns) -> None:  # noqa: ARG002
        """Keep them."""
        self.heads += heads


def _table_beside(path: Path) -> _Table | None:
    """The columns of a predictions file, where there are any of just its content."""
    beside = columns_path(path)
    try:
        with ColumnsFile(beside) as file:
            if file.predictions_sha256 != digest_file(path):
                return None
            entries = json.loads(b"[%s]" % file.entries())
            core = {name: file.column(name) for name in CORE_COLUMNS}
            table = _Table(file.meta, entries, **core, poses={name: file.column(name) for name in file.poses})
    except UNUSABLE:
        return None
    return table if _holds_together(table, file.images) else None


def _holds_together(table: _Table, images: int) -> bool:
    """Whether every detection is of an image that there is, in order."""
    index_N = table.image_index
    in_order = bool((np.diff(index_N) >= 0).all()) and (not len(index_N) or 0 <= index_N[0] <= index_N[-1] < images)
    return in_order and len(table.entries) == images and all(isinstance(entry, dict) for entry in table.entries)


def _occurs(column: NDArray[np.float64], bounds: list[int]) -> list[bool]:
    """Of each image, whether any of its detections has the field of a column."""
    counted = np.concatenate([[0], np.cumsum(is_given(column))])
    return list((np.diff(counted[bounds]) > 0).tolist())
