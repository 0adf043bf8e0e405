"""A predictions file, or COCO results, written as another layout: whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from yolozu.artifacts.prediction_formats import BoxFormat, PredictionsLayout
from yolozu.artifacts.predictions.boxes import BOX_KEYS, boxes_between
from yolozu.artifacts.predictions.check import check_predictions
from yolozu.artifacts.predictions.container import Envelope, is_coco_row
from yolozu.artifacts.predictions.convert.coco_ids import CocoNumbers
from yolozu.artifacts.predictions.convert.coco_read import CocoRows
from yolozu.artifacts.predictions.convert.writers import (
    CocoWriter,
    ConvertedEntry,
    LeftOut,
    ListWriter,
    MapWriter,
    WrappedWriter,
)
from yolozu.artifacts.predictions.findings import Findings
from yolozu.artifacts.predictions.image_names import KnownImages
from yolozu.artifacts.predictions.load import SHOWN_ERRORS, located
from yolozu.artifacts.predictions.scan import unreadable_file
from yolozu.artifacts.predictions.stream import BrokenJson, JsonText
from yolozu.artifacts.predictions.write import open_aside
from yolozu.errors import Finding, InputError

if TYPE_CHECKING:
    from yolozu.artifacts.predictions.detections import Columns
    from yolozu.artifacts.predictions.entries import Head


KEEP = 5
"""Entries that are named when they cannot be written; what helps one of them helps all."""


class Converter:
    """Takes what a reader hands over, block by block, and writes it to a text file.

    Boxes and sizes change on the way, everything else is written as it stands in the file.
    """

    def __init__(self, file: TextIO, to: PredictionsLayout, wanted: BoxFormat | None, numbers: CocoNumbers) -> None:
        self._file = file
        self._to = to
        self._wanted = wanted
        self._numbers = numbers

    def start(self, envelope: Envelope) -> None:
        """A pass over a predictions file begins; what an earlier one gave is void."""
        self._file.seek(0)
        self._file.truncate()
        self._envelope = envelope
        self._begun: ListWriter | None = None
        self.images = self.detections = 0
        self.left_out = LeftOut()
        self.findings = Findings(KEEP, strict=False)

    def take(self, heads: list[Head], columns: Columns | None) -> None:  # noqa: ARG002 - what stands there is converted
        """Write a block of entries."""
        for head in heads:
            boxes = self._converted(head)
            if boxes is None:
                problem = f"boxes in px are wanted, but the size of {head.image!r} is not known"
                fix = "give the data set with --dataset, or write image_size {width, height}"
                self._refuse([Finding("YZ717", head.where, problem, fix)])
            else:
                fields = {key: value for key, value in head.value.items() if key not in {"image", "detections"}}
                if head.size is not None and self._to != "map":
                    width, height = head.size
                    fields["image_size"] = {**fields.get("image_size", {}), "width": width, "height": height}
                self._refuse(self.writer.add(ConvertedEntry(head.where, head.image, fields, boxes)))
                self.images += 1
                self.detections += len(boxes)

    def end(self) -> None:
        """Write what stands behind the entries."""
        self.writer.end(self._envelope.values)

    @property
    def writer(self) -> ListWriter:
        """Where entries go. It begins when the first one comes: by then it is known what stood before it."""
        if self._begun is None:
            self._begun = self._new_writer()
            self._begun.start(self._envelope.values)
        return self._begun

    def _new_writer(self) -> ListWriter:
        if self._to == "coco":
            return CocoWriter(self._file, self._numbers, self.left_out)
        if self._to == "wrapped":
            return WrappedWriter(self._file, self._wanted or self._envelope.bbox_format, self.left_out)
        writer = ListWriter if self._to == "list" else MapWriter
        return writer(self._file, self._wanted or "cxcywh_norm", self.left_out)

    def _refuse(self, findings: list[Finding]) -> None:
        self.findings.extend((self.images, -1), findings)

    def _converted(self, head: Head) -> list[dict[str, Any]] | None:
        """An entry's detections with boxes as they are written; None when that takes an unknown size."""
        given, wanted = self._envelope.bbox_format, self.writer.box_format
        if given == wanted or not head.detections:
            return head.detections
        if head.size is None and "cxcywh_norm" in {given, wanted}:
            return None
        numbers_in, size = itemgetter(*BOX_KEYS[given]), np.array([head.size or (1, 1)], np.float64)
        rows = np.array([numbers_in(detection["bbox"]) for detection in head.detections], np.float64)
        boxes = boxes_between(rows, given, wanted, size).tolist()
        for detection, box in zip(head.detections, boxes, strict=True):  # in place, because copies take their time
            detection["bbox"] = _box(detection["bbox"], given, wanted, box)
        return head.detections


def _box(old: dict[str, Any], given: BoxFormat, wanted: BoxFormat, numbers: list[float]) -> dict[str, Any]:
    """A box in its new format, with whatever else stood in it."""
    box = dict(zip(BOX_KEYS[wanted], numbers, strict=True))
    return box if len(old) == len(box) else {key: old[key] for key in old if key not in BOX_KEYS[given]} | box


@dataclass(frozen=True)
class Conversion:
    """What was written.

    Attributes:
        images: entries, or images of the rows.
        detections: detections written.
        bbox_format: how their boxes are written.
        from_coco: COCO results were read.
        numbering: how the category ids of COCO results count, where only the ids themselves told.
        warnings: what the check of the file warns of, and what the layout has no place for.
    """

    images: int
    detections: int
    bbox_format: BoxFormat
    from_coco: bool
    numbering: str | None
    warnings: tuple[Finding, ...]


def convert_predictions(
    path: Path,
    output: Path,
    to: PredictionsLayout,
    *,
    bbox_format: BoxFormat | None = None,
    to_bbox_format: BoxFormat | None = None,
    known: KnownImages | None = None,
    numbers: CocoNumbers | None = None,
) -> Conversion:
    """Check a predictions file or COCO results, and write them as another layout.

    Entries pass through one at a time. The rows of COCO results are collected first, in 56 bytes each.

    Args:
        path: what is read; it shows itself which layout it has.
        output: takes the result when there is no error; may be ``path``.
        to: layout of the result.
        bbox_format: how boxes are written in ``path``; None takes what the file declares, else cxcywh_norm.
        to_bbox_format: how to write them; None keeps them where the result can declare it (wrapped), else takes
            cxcywh_norm. COCO results have xywh_abs.
        known: the data set's images and classes; COCO results cannot be read without.
        numbers: how COCO numbers them; None takes the numbers that name the images.

    Raises:
        InputError: with the findings, when the file has any error or says too little for the result.
    """
    numbers = CocoNumbers() if numbers is None else numbers
    from_coco = is_coco_results(path)
    with open_aside(output) as file:
        converter = Converter(file, to, to_bbox_format, numbers)
        numbering = None
        if from_coco:
            findings, errors, numbering = _convert_coco(path, converter, known, numbers)
        else:
            check = check_predictions(
                path, bbox_format=bbox_format, known=known, keep_findings=SHOWN_ERRORS, sink=converter
            )
            findings, errors = check.findings, check.errors
        said, more = converter.findings, "what helps one of them helps all"
        refused = [*located(findings, errors, path), *located(said.kept(), said.total("error"), path, more)]
        if refused:
            raise InputError(refused)
        converter.end()
    warnings = [finding for finding in findings if finding.code != "YZ716"]
    return Conversion(
        converter.images,
        converter.detections,
        converter.writer.box_format,
        from_coco,
        numbering,
        warnings=(*warnings, *converter.left_out.findings(to)),
    )


def is_coco_results(path: Path) -> bool:
    """Whether a file begins like COCO results.

    Raises:
        InputError: YZ701 when there is no such file.
    """
    try:
        with path.open("rb") as file:
            text = JsonText(file)
            return text.peek() == "[" and is_coco_row(next(text.elements(), None))
    except BrokenJson:
        return False
    except OSError as error:
        raise unreadable_file(path, error) from error


def _convert_coco(
    path: Path, converter: Converter, known: KnownImages | None, numbers: CocoNumbers
) -> tuple[tuple[Finding, ...], int, str | None]:
    if known is None:
        problem = "COCO results call images and classes by numbers, and nothing says which those are"
        fix = "give their annotations file with --annotations, or the data set with --dataset"
        raise InputError.one("YZ728", where=str(path), problem=problem, fix=fix)
    converter.start(Envelope("xywh_abs", None))
    findings = Findings(SHOWN_ERRORS, strict=False)
    rows = CocoRows(known, numbers, findings)
    rows.read(path)
    if not findings.total("error"):
        for head in rows.by_image(converter.left_out):
            converter.take([head], None)
    return findings.kept(), findings.total("error"), rows.numbering
