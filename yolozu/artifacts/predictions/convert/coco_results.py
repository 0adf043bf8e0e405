"""COCO results: ``[{image_id, category_id, bbox: [x, y, w, h] in px, score}]``, written row by row.

Source: cocodataset.org, "Results Format"; pycocotools' ``loadRes`` reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TextIO

from yolozu.artifacts.prediction_formats import BoxFormat
from yolozu.artifacts.predictions.convert.entry import ConvertedEntry, LeftOut
from yolozu.artifacts.predictions.convert.layouts import note_attributes
from yolozu.artifacts.predictions.convert.numbers import CocoNumbers
from yolozu.artifacts.predictions.json_path import member
from yolozu.artifacts.predictions.types import BOX_KEYS
from yolozu.artifacts.predictions.writer import json_text
from yolozu.errors import Finding

ROW_SOURCES = frozenset(("class_id", "score", "bbox"))
KNOWN_ELSEWHERE = frozenset(("image_size",))
"""Fields of an entry that the annotations file says."""


class CocoTarget:
    """A list of detections; images are numbers in it."""

    box_format: BoxFormat = "xywh_abs"

    def __init__(self, file: TextIO, numbers: CocoNumbers, left_out: LeftOut) -> None:
        self._file = file
        self._numbers = numbers
        self._left_out = left_out
        self._rows = 0
        self._images: dict[int, str] = {}

    def start(self, attributes: Mapping[str, Any]) -> None:  # noqa: ARG002 - the protocol's
        """Begin anew."""
        self._rows = 0
        self._images = {}
        self._file.write("[")

    def add(self, entry: ConvertedEntry) -> list[Finding]:
        """Write an entry's detections, or say which of its names has no number."""
        number, findings = self._number_of(entry)
        rows, said = self._rows_of(entry, number)
        findings += said
        for row in [] if findings else rows:
            self._file.write(",\n" if self._rows else "\n")
            self._file.write(json_text(row))
            self._rows += 1
        self._note_left_out(entry)
        return findings

    def end(self, attributes: Mapping[str, Any]) -> None:
        """Close the list."""
        self._file.write("\n]\n")
        note_attributes(attributes, self._left_out)

    def _number_of(self, entry: ConvertedEntry) -> tuple[int | None, list[Finding]]:
        number = self._numbers.image_id(entry.image)
        if number is None:
            problem = f"{self._numbers.source} give {entry.image!r} no image id"
            fix = "give the data set's COCO annotations file with --annotations"
            return None, [Finding("YZ724", entry.where, problem, fix)]
        first = self._images.setdefault(number, entry.image)
        if first != entry.image:
            problem = f"{entry.image!r} has the same image id as {first!r}: {number}"
            fix = "give the data set's COCO annotations file with --annotations"
            return None, [Finding("YZ724", entry.where, problem, fix)]
        return number, []

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
            if key not in KNOWN_ELSEWHERE:
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
