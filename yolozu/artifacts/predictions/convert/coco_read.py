"""COCO results, read: every row checked as a detection is, then put together by image."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolozu.artifacts.predictions.boxes import BOX_KEYS
from yolozu.artifacts.predictions.container import COCO_ROW_KEYS
from yolozu.artifacts.predictions.convert.coco_ids import CocoNumbers
from yolozu.artifacts.predictions.convert.writers import LeftOut
from yolozu.artifacts.predictions.detections import NUMBERS, extent_findings, pose_fields_findings
from yolozu.artifacts.predictions.entries import Head
from yolozu.artifacts.predictions.fields import (
    LARGEST_CLASS_ID,
    NumberField,
    brief,
    extra_findings,
    field_findings,
    first_of,
    is_known,
    kind_of,
    repeated_keys,
)
from yolozu.artifacts.predictions.findings import Findings, member
from yolozu.artifacts.predictions.image_names import KnownImages
from yolozu.artifacts.predictions.scan import broken_file, unreadable_file
from yolozu.artifacts.predictions.stream import BrokenJson, JsonText
from yolozu.errors import Finding


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

    def by_image(self, left_out: LeftOut) -> Iterator[Head]:
        """An entry for each image, in the order in which they first appear; boxes in px, as xywh_abs.

        Rows may have a ``class_id`` beside their category: ``left_out`` notes it.
        """
        places = np.frombuffer(self._columns.places, np.int64)
        order = np.argsort(places, kind="stable")
        starts = np.flatnonzero(np.diff(places[order], prepend=-1))
        class_ids = self._class_ids()
        for rows in sorted(np.split(order, starts[1:]), key=lambda rows: int(rows[0])):
            place = int(places[rows[0]])
            detections = list(self._detections(rows, class_ids, left_out))
            yield Head(self._known.images[place], self._known.sizes[place], detections, f"[{rows[0]}]", {})

    def _detections(
        self, rows: NDArray[np.intp], class_ids: NDArray[np.int64], left_out: LeftOut
    ) -> Iterator[dict[str, Any]]:
        columns, keys = self._columns, BOX_KEYS["xywh_abs"]
        scores, boxes = np.frombuffer(columns.scores)[rows], np.frombuffer(columns.boxes).reshape(-1, 4)[rows]
        numbers = zip(rows.tolist(), class_ids[rows].tolist(), scores.tolist(), boxes.tolist(), strict=True)
        for row, class_id, score, box in numbers:
            extra = columns.extras.get(row, {})
            if "class_id" in extra:
                del extra["class_id"]
                left_out.note("detections", "class_id")
            yield {"class_id": class_id, "score": score, "bbox": dict(zip(keys, box, strict=True)), **extra}

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


CATEGORY_ID = NumberField("category_id", (), "Category of the annotations file.", 0, LARGEST_CLASS_ID, integer=True)
BBOX = NumberField("bbox", (4,), "Left, top, width, height, px.")
SCORE = NumberField("score", (), "Confidence.", 0.0, 1.0)


@dataclass(frozen=True)
class RowRules:
    """What a row is held against.

    Attributes:
        images: id -> the images it may mean: one, or several.
        sizes: image -> width and height, px.
        category_ids: those that mean a class.
        source: what says which id is which.
    """

    images: Mapping[int | str, Sequence[str]]
    sizes: Mapping[str, tuple[int, int]]
    category_ids: Collection[int]
    source: str

    def image(self, image_id: Any) -> str | None:
        """The image that an id means; None where it means none, or several."""
        images = self.images.get(image_id, ()) if type(image_id) in {int, str} else ()
        return images[0] if len(images) == 1 else None


def is_sound(row: Any, rules: RowRules) -> bool:
    """Whether `row_findings` has nothing to say: quick, and False where that takes a closer look."""
    if type(row) is not dict or len(row) != len(COCO_ROW_KEYS) or not COCO_ROW_KEYS.issuperset(row):
        return False
    image, category, box, score = rules.image(row["image_id"]), row["category_id"], row["bbox"], row["score"]
    if image is None or type(category) is not int or category not in rules.category_ids or type(box) is not list:
        return False
    if len(box) != 4 or type(score) not in NUMBERS or not 0 <= score <= 1 or not NUMBERS.issuperset(map(type, box)):
        return False
    (x, y, w, h), (width, height) = box, rules.sizes[image]
    return bool(x >= 0 and y >= 0 and w > 0 and h > 0 and x + w <= width and y + h <= height)


def row_findings(row: Any, where: str, rules: RowRules) -> Iterator[Finding]:
    """Everything that is wrong with one row.

    Args:
        row: the value that stands in the file.
        where: its JSON path.
        rules: what it is held against.
    """
    if not isinstance(row, dict):
        fix = "write an object with image_id, category_id, bbox and score"
        yield Finding("YZ702", where, f"{kind_of(row)} where a detection should be", fix)
        return
    yield from repeated_keys(row, where)
    for key in sorted(COCO_ROW_KEYS - row.keys()):
        yield Finding("YZ703", f"{where}.{key}", "missing", f"every row of COCO results has {key}")
    if "image_id" in row:
        yield from _in_image_id(row["image_id"], f"{where}.image_id", rules)
    if "category_id" in row:
        yield from _in_category_id(row["category_id"], f"{where}.category_id", rules)
    if "bbox" in row:
        yield from _in_box(row["bbox"], f"{where}.bbox", rules.sizes.get(rules.image(row.get("image_id")) or ""))
    if "score" in row:
        yield from field_findings(row["score"], f"{where}.score", SCORE)
    yield from pose_fields_findings(row, where)
    for key, value in row.items():
        if key not in COCO_ROW_KEYS and not is_known(key):
            yield from extra_findings(value, member(where, key))


def _in_image_id(image_id: Any, where: str, rules: RowRules) -> Iterator[Finding]:
    if type(image_id) not in {int, str}:
        yield Finding("YZ707", where, f"{kind_of(image_id)}, not an image's id", "write the id of the annotations file")
    elif image_id not in rules.images:
        fix = "give the annotations file that these results are of, with --annotations"
        yield Finding("YZ724", where, f"{rules.source} give no image the id {brief(image_id)}", fix)
    elif rules.image(image_id) is None:
        meant = ", ".join(rules.images[image_id][:3])
        fix = "give the data set's COCO annotations file with --annotations"
        yield Finding("YZ724", where, f"{brief(image_id)} may mean several images: {meant}", fix)


def _in_category_id(category_id: Any, where: str, rules: RowRules) -> Iterator[Finding]:
    findings = list(field_findings(category_id, where, CATEGORY_ID))
    yield from findings
    if not findings and category_id not in rules.category_ids:
        known = first_of(rules.category_ids)
        fix = f"known are {known}; give the annotations file that these results are of, with --annotations"
        yield Finding("YZ725", where, f"no class of the data set has the category id {category_id}", fix)


def _in_box(box: Any, where: str, size: tuple[int, int] | None) -> Iterator[Finding]:
    findings = list(field_findings(box, where, BBOX))
    yield from findings
    if not findings:
        yield from extent_findings([float(number) for number in box], where, size, "xywh_abs")
