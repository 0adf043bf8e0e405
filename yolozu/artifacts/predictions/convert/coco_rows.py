"""COCO results, read: every row checked as a detection is, then put together by image."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolozu.artifacts.predictions.convert.coco_row import RowRules, is_sound, row_findings
from yolozu.artifacts.predictions.convert.numbers import CocoNumbers
from yolozu.artifacts.predictions.findings import Findings
from yolozu.artifacts.predictions.layout import COCO_ROW_KEYS
from yolozu.artifacts.predictions.names import KnownImages
from yolozu.artifacts.predictions.reading import broken_file, unreadable_file
from yolozu.artifacts.predictions.stream import BrokenJson, JsonText


@dataclass(frozen=True)
class RowsOfImage:
    """All rows of one image.

    Attributes:
        first: place in the file of the first of them.
        place: of the image in ``known.images``.
        class_ids: (N,) int64.
        scores: (N,) float64.
        boxes_xywh_px: (N, 4) float64.
        extras: further keys of the rows that have any, by place among the N.
    """

    first: int
    place: int
    class_ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    boxes_xywh_px: NDArray[np.float64]
    extras: dict[int, dict[str, Any]]


@dataclass
class _Columns:
    """Rows end to end, 56 bytes each."""

    places: array[int] = field(default_factory=lambda: array("q"))
    categories: array[int] = field(default_factory=lambda: array("q"))
    scores: array[float] = field(default_factory=lambda: array("d"))
    boxes: array[float] = field(default_factory=lambda: array("d"))
    extras: dict[int, dict[str, Any]] = field(default_factory=dict)


class CocoRows:
    """Reads a results file whole, because the rows of an image may stand anywhere in it.

    Attributes:
        rows: read so far.
        numbering: how its category ids count, where that was decided by the ids alone.
    """

    def __init__(self, known: KnownImages, numbers: CocoNumbers, findings: Findings) -> None:
        self.rows = 0
        self.numbering: str | None = None
        self._known, self._numbers = known, numbers
        self._findings = findings
        self._columns = _Columns()
        self._place_of = {image: place for place, image in enumerate(known.images)}
        sizes = dict(zip(known.images, known.sizes, strict=True))
        categories = numbers.known_ids(known.category_ids)
        self._rules = RowRules(numbers.images_by_id(known.images), sizes, categories, numbers.source)

    def read(self, path: Path) -> None:
        """Check every row, and keep those that nothing is wrong with; decide what their category ids mean.

        Raises:
            InputError: YZ701 there is no such file, YZ725 or YZ729 its category ids mean nothing, or too much.
        """
        try:
            with path.open("rb") as file:
                text = JsonText(file)
                for row in text.elements():
                    self._take(row)
                    self.rows += 1
                text.end()
        except BrokenJson as error:
            self._findings.add((self.rows, -1), broken_file(error, f"{self.rows} rows" if self.rows else None))
        except OSError as error:
            raise unreadable_file(path, error) from error
        if not self._findings.total("error"):
            self._numbers, self.numbering = self._numbers.decided(set(self._columns.categories), str(path))

    def by_image(self) -> Iterator[RowsOfImage]:
        """The rows of each image, images in the order in which they first appear."""
        columns = self._columns
        if not columns.places:
            return
        places, class_ids = np.frombuffer(columns.places, np.int64), self._class_ids()
        scores, boxes = np.frombuffer(columns.scores), np.frombuffer(columns.boxes).reshape(-1, 4)
        order = np.argsort(places, kind="stable")
        starts = np.flatnonzero(np.diff(places[order], prepend=-1))
        for rows in sorted(np.split(order, starts[1:]), key=lambda rows: int(rows[0])):
            yield RowsOfImage(
                first=int(rows[0]),
                place=int(places[rows[0]]),
                class_ids=class_ids[rows],
                scores=scores[rows],
                boxes_xywh_px=boxes[rows],
                extras=self._extras(rows.tolist()),
            )

    def _take(self, row: Any) -> None:
        if not is_sound(row, self._rules):
            findings = list(row_findings(row, f"[{self.rows}]", self._rules))
            self._findings.extend((self.rows, -1), findings)
            if any(finding.severity == "error" for finding in findings):
                return
        columns, image = self._columns, self._rules.image(row["image_id"])
        assert image is not None, "checked"
        if len(row) > len(COCO_ROW_KEYS):
            columns.extras[len(columns.places)] = {key: row[key] for key in row if key not in COCO_ROW_KEYS}
        columns.places.append(self._place_of[image])
        columns.categories.append(row["category_id"])
        columns.scores.append(row["score"])
        columns.boxes.extend(row["bbox"])

    def _class_ids(self) -> NDArray[np.int64]:
        class_of = self._numbers.classes_by_id(self._known.category_ids)
        seen, rows = np.unique(np.frombuffer(self._columns.categories, np.int64), return_inverse=True)
        return np.array([class_of[category] for category in seen.tolist()], np.int64)[rows]

    def _extras(self, rows: list[int]) -> dict[int, dict[str, Any]]:
        extras = self._columns.extras
        return {index: extras[row] for index, row in enumerate(rows) if row in extras} if extras else {}
