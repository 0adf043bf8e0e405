"""Stored outputs of the images of an index, found, checked, and put where augmentation puts their image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from yolozu.artifacts.stored_outputs import StoredOutputs, read_stored_outputs
from yolozu.data.augmentation.augment import visible_boxes
from yolozu.errors import Finding, InputError
from yolozu.structures.stored_queries import StoredQueries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from yolozu.data.placement import Placement
    from yolozu.structures.classes import ClassTable
    from yolozu.structures.image_record import ImageRecord

MOST_NAMED = 5
"""Images that an error names one by one."""


class StoredStore:
    """Reads stored outputs when their image is read; with ``keep`` every file only once."""

    def __init__(self, paths: Sequence[Path | None], classes: ClassTable, *, keep: bool) -> None:
        """Know where they are.

        Args:
            paths: of each record of the index; None where nothing is stored.
            classes: of the detector that learns.
            keep: whether what is read is kept.
        """
        self._paths, self._classes = tuple(paths), classes
        self._kept: dict[int, StoredOutputs] | None = {} if keep else None

    def placed(self, number: int, placement: Placement) -> StoredQueries | None:
        """What is stored of record ``number`` where ``placement`` puts it; queries out of view are left out.

        Boxes go the way of labels' boxes: clipped to the network input, and out of view where those are.
        """
        path = self._paths[number]
        if path is None:
            return None
        stored = self._read(number, path)
        boxes_Q4, in_view_Q = visible_boxes(placement.boxes_to_input(stored.boxes_Q4))
        return StoredQueries(
            stored.logits_QC[in_view_Q],
            boxes_Q4[in_view_Q].astype(np.float32),
            np.array([self._classes.names.index(name) for name in stored.class_names], np.int64),
        )

    def _read(self, number: int, path: Path) -> StoredOutputs:
        if self._kept is None:
            return read_stored_outputs(path)
        if number not in self._kept:
            self._kept[number] = read_stored_outputs(path)
        return self._kept[number]


def require_stored(records: Sequence[ImageRecord], paths: Sequence[Path], classes: ClassTable) -> None:
    """Refuse to train where stored outputs of an image are missing, or cannot be used.

    Args:
        records: the images that need some.
        paths: where those of each are.
        classes: of the detector that learns.

    Raises:
        InputError: YZ553, how many images have none that can be read, and the first of them; YZ552, outputs are of
            classes that the detector that learns has not.
    """
    lacking: list[tuple[ImageRecord, str]] = []
    unknown: dict[str, int] = {}
    for record, path in zip(records, paths, strict=True):
        try:
            stored = read_stored_outputs(path, image_sha256=record.sha256)
        except InputError as error:
            lacking.append((record, f"{path}: {error.findings[0].problem}"))
            continue
        for name in stored.class_names:
            if name not in classes.names:
                unknown[name] = unknown.get(name, 0) + 1
    findings = _lacking(lacking, len(records))
    if unknown:
        findings.append(
            Finding(
                "YZ552",
                "derpp: stored outputs",
                f"are of classes that the training does not have: {', '.join(unknown)}",
                "name them in class_names, as the detector knew them that the outputs are of; or set derpp: false",
            )
        )
    if findings:
        raise InputError(findings)


def _lacking(lacking: Sequence[tuple[ImageRecord, str]], count: int) -> list[Finding]:
    if not lacking:
        return []
    first = "; ".join(f"{record.image}: {problem}" for record, problem in lacking[:MOST_NAMED])
    more = "; …" if len(lacking) > MOST_NAMED else ""
    return [
        Finding(
            "YZ553",
            "derpp: stored outputs",
            f"{len(lacking)} of {count} images have none that can be read: {first}{more}",
            "write them with yolozu continual teachers (or the earlier run's stage replay), or set derpp: false",
        )
    ]
