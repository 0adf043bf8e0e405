"""Each layout of predictions and COCO results, written entry by entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from yolozu.artifacts.prediction_formats import BoxFormat
from yolozu.artifacts.predictions.boxes import BOX_KEYS
from yolozu.artifacts.predictions.container import SCHEMA_VERSION, WRAPPED_KEYS
from yolozu.artifacts.predictions.convert.coco_ids import CocoNumbers
from yolozu.artifacts.predictions.findings import member, top_member
from yolozu.artifacts.predictions.write import json_text
from yolozu.errors import Finding

ROW_SOURCES = frozenset(("class_id", "score", "bbox"))
"""Fields of a detection that a row of COCO results holds."""


@dataclass(frozen=True)
class ConvertedEntry:
    """One image's predictions, boxes in the format that is written.

    Attributes:
        where: JSON path in the file that is read.
        image: the image.
        fields: all other keys of the entry but ``detections``, as they stand in the file.
        detections: objects as they stand in a predictions file.
    """

    where: str
    image: str
    fields: Mapping[str, Any]
    detections: list[dict[str, Any]]


class LeftOut:
    """Counts what a layout has no place for."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}

    def note(self, place: str, what: str) -> None:
        """Something called ``what`` is not written, where ``place`` is one of "file", "entries", "detections"."""
        self._counts.setdefault(place, Counter())[what] += 1

    def findings(self, layout: str) -> list[Finding]:
        """One warning for each place."""
        fix = "convert to wrapped, which holds everything, or go on without"
        return [
            Finding("YZ723", place, f"{layout} has no place for {_listed(counts)}; left out", fix, "warning")
            for place, counts in self._counts.items()
        ]


def _listed(counts: Counter[str]) -> str:
    return ", ".join(what if times == 1 else f"{what} ({times} times)" for what, times in counts.items())


class ListWriter:
    """A bare list of entries. The other layouts differ in what stands around and in them."""

    opening, closing = "[", "\n]\n"

    def __init__(self, file: TextIO, box_format: BoxFormat, left_out: LeftOut) -> None:
        self.box_format: BoxFormat = box_format
        self._file = file
        self._left_out = left_out
        self._separator = "\n"

    def start(self, attributes: Mapping[str, Any]) -> None:  # noqa: ARG002 - for those that have a place for them
        """Begin the file. ``attributes`` are the keys that stood before the entries."""
        self._file.write(self.opening)

    def add(self, entry: ConvertedEntry) -> list[Finding]:
        """Write one entry; what keeps it from being written."""
        self._put(json_text({"image": entry.image, **entry.fields, "detections": entry.detections}))
        return []

    def end(self, attributes: Mapping[str, Any]) -> None:
        """Write what stands behind the entries; ``attributes`` are all keys beside them."""
        self._file.write(self.closing)
        for key, value in attributes.items():
            if key == "meta":
                for inner in value:
                    if inner != "bbox_format":
                        self._left_out.note("file", member("meta", inner))
            elif key not in WRAPPED_KEYS:
                self._left_out.note("file", top_member(key))

    def _put(self, text: str) -> None:
        self._file.write(self._separator + text)
        self._separator = ",\n"


class MapWriter(ListWriter):
    """``{image: [detections]}``."""

    opening, closing = "{", "\n}\n"

    def add(self, entry: ConvertedEntry) -> list[Finding]:
        """Write one entry, unless its name would make the file another layout."""
        if entry.image in WRAPPED_KEYS:
            problem = f"an image called {entry.image!r} would make the map a wrapped file"
            return [Finding("YZ726", entry.where, problem, "convert to wrapped or list")]
        for key in entry.fields:
            self._left_out.note("entries", key)
        self._put(f"{json_text(entry.image)}:{json_text(entry.detections)}")
        return []


class WrappedWriter(ListWriter):
    """``{schema_version, meta, predictions}``: has a place for everything."""

    def start(self, attributes: Mapping[str, Any]) -> None:
        """Begin the file, with the attributes that stood before the entries."""
        self._written = {"schema_version", "predictions"}
        self._file.write(f'{{"schema_version":{SCHEMA_VERSION},')
        if "meta" in attributes:
            self._write_attributes(attributes, "{},")
        self._file.write('"predictions":[')

    def end(self, attributes: Mapping[str, Any]) -> None:
        """Write the attributes that stood behind the entries."""
        self._file.write("\n]")
        self._write_attributes({"meta": {}, **attributes}, ",{}")
        self._file.write("}\n")

    def _write_attributes(self, attributes: Mapping[str, Any], how: str) -> None:
        for key, value in attributes.items():
            if key not in self._written:
                said = {**value, "bbox_format": self.box_format} if key == "meta" else value
                self._file.write(how.format(f"{json_text(key)}:{json_text(said)}"))
                self._written.add(key)


class CocoWriter(ListWriter):
    """COCO results: ``[{image_id, category_id, bbox: [x, y, w, h] in px, score}]``, written row by row.

    Source: cocodataset.org, "Results Format"; pycocotools' ``loadRes`` reads it.
    """

    def __init__(self, file: TextIO, numbers: CocoNumbers, left_out: LeftOut) -> None:
        super().__init__(file, "xywh_abs", left_out)
        self._numbers = numbers
        self._images: dict[int, str] = {}

    def add(self, entry: ConvertedEntry) -> list[Finding]:
        """Write an entry's detections, or say which of its names has no number."""
        number, findings = self._number_of(entry)
        rows, said = self._rows_of(entry, number)
        findings += said
        for row in [] if findings else rows:
            self._put(json_text(row))
        self._note_left_out(entry)
        return findings

    def _number_of(self, entry: ConvertedEntry) -> tuple[int | None, list[Finding]]:
        number = self._numbers.image_id(entry.image)
        if number is None:
            problem = f"{self._numbers.source} give {entry.image!r} no image id"
        elif (first := self._images.setdefault(number, entry.image)) != entry.image:
            problem = f"{entry.image!r} has the same image id as {first!r}: {number}"
        else:
            return number, []
        fix = "give the data set's COCO annotations file with --annotations"
        return None, [Finding("YZ724", entry.where, problem, fix)]

    def _rows_of(self, entry: ConvertedEntry, number: int | None) -> tuple[list[dict[str, Any]], list[Finding]]:
        rows, strangers = [], set()
        for detection in entry.detections:
            category = self._numbers.category_id(detection["class_id"])
            if category is None:
                strangers.add(detection["class_id"])
            box = [detection["bbox"][key] for key in BOX_KEYS[self.box_format]]
            rows.append({"image_id": number, "category_id": category, "bbox": box, "score": detection["score"]})
        fix = "give classes the names that the categories have"
        return rows, [
            Finding("YZ725", entry.where, f"{self._numbers.source} give class {class_id} no category id", fix)
            for class_id in sorted(strangers)
        ]

    def _note_left_out(self, entry: ConvertedEntry) -> None:
        for key in entry.fields:
            if key != "image_size":  # the annotations say it
                self._left_out.note("entries", key)
        if not entry.detections:
            self._left_out.note("entries", "an image without detections")
        for detection in entry.detections:
            for key in detection:
                if key not in ROW_SOURCES:
                    self._left_out.note("detections", key)
            for key in detection["bbox"] if len(detection["bbox"]) > 4 else ():
                if key not in BOX_KEYS[self.box_format]:
                    self._left_out.note("detections", member("bbox", key))
