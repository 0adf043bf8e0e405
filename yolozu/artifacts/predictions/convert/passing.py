"""Entries on their way from one layout to another: boxes and sizes, everything else as it stands in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from yolozu.artifacts.predictions.convert.coco_results import CocoTarget
from yolozu.artifacts.predictions.convert.entry import ConvertedEntry, LeftOut
from yolozu.artifacts.predictions.convert.layouts import ListTarget, MapTarget, WrappedTarget
from yolozu.artifacts.predictions.findings import Findings
from yolozu.artifacts.predictions.types import BOX_KEYS, boxes_between
from yolozu.errors import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from yolozu.artifacts.prediction_formats import BoxFormat, PredictionsLayout
    from yolozu.artifacts.predictions.block import Columns
    from yolozu.artifacts.predictions.convert.coco_rows import RowsOfImage
    from yolozu.artifacts.predictions.convert.entry import Target
    from yolozu.artifacts.predictions.convert.numbers import CocoNumbers
    from yolozu.artifacts.predictions.entries import Head
    from yolozu.artifacts.predictions.envelope import Envelope


KEEP = 5
"""Entries that are named when they cannot be written; what helps one of them helps all."""


class Passing:
    """Takes what a reader hands over, block by block, and writes it to a text file."""

    def __init__(self, file: TextIO, to: PredictionsLayout, wanted: BoxFormat | None, numbers: CocoNumbers) -> None:
        self.images = 0
        self.detections = 0
        self.left_out = LeftOut()
        self.findings = Findings(KEEP, strict=False)
        self._file = file
        self._to = to
        self._wanted = wanted
        self._numbers = numbers
        self._envelope: Envelope | None = None
        self._begun: Target | None = None

    @property
    def errors(self) -> int:
        """What keeps entries from being written."""
        return self.findings.total("error")

    @property
    def bbox_format(self) -> BoxFormat:
        """How boxes are written."""
        return self._target.box_format

    def start(self, envelope: Envelope) -> None:
        """A pass over a predictions file begins; what an earlier one gave is void."""
        self._file.seek(0)
        self._file.truncate()
        self._envelope, self._begun = envelope, None
        self.images = self.detections = 0
        self.left_out = LeftOut()
        self.findings = Findings(KEEP, strict=False)

    def take(self, heads: list[Head], columns: Columns) -> None:  # noqa: ARG002 - boxes are converted from what is written
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
                    fields["image_size"] = _size(fields.get("image_size", {}), head.size)
                self._write(ConvertedEntry(head.where, head.image, fields, boxes))

    def take_rows(self, image: str, size: tuple[int, int], rows: RowsOfImage) -> None:
        """Write the rows of one image of COCO results."""
        boxes = boxes_between(rows.boxes_xywh_px, "xywh_abs", self._target.box_format, np.array([size], np.float64))
        keys = BOX_KEYS[self._target.box_format]
        numbers = zip(rows.class_ids.tolist(), rows.scores.tolist(), boxes.tolist(), strict=True)
        detections: list[dict[str, Any]] = [
            {"class_id": class_id, "score": score, "bbox": dict(zip(keys, box, strict=True))}
            for class_id, score, box in numbers
        ]
        for index, extra in rows.extras.items():
            detections[index] |= {key: value for key, value in extra.items() if key != "class_id"}
            if "class_id" in extra:
                self.left_out.note("detections", "class_id")
        fields = {} if self._to == "map" else {"image_size": _size({}, size)}
        self._write(ConvertedEntry(f"[{rows.first}]", image, fields, detections))

    def end(self) -> None:
        """Write what stands behind the entries."""
        self._target.end(self._attributes)

    @property
    def _attributes(self) -> Mapping[str, Any]:
        return {} if self._envelope is None else self._envelope.values

    @property
    def _target(self) -> Target:
        """Where entries go. It begins when the first one comes: by then it is known what stood before it."""
        if self._begun is None:
            self._begun = self._new_target()
            self._begun.start(self._attributes)
        return self._begun

    @property
    def _given(self) -> BoxFormat:
        return "xywh_abs" if self._envelope is None else self._envelope.bbox_format

    def _new_target(self) -> Target:
        if self._to == "coco":
            return CocoTarget(self._file, self._numbers, self.left_out)
        if self._to == "wrapped":
            return WrappedTarget(self._file, self._wanted or self._given)
        target = ListTarget if self._to == "list" else MapTarget
        return target(self._file, self._wanted or "cxcywh_norm", self.left_out)

    def _write(self, entry: ConvertedEntry) -> None:
        self._refuse(self._target.add(entry))
        self.images += 1
        self.detections += len(entry.detections)

    def _refuse(self, findings: list[Finding]) -> None:
        self.findings.extend((self.images, -1), findings)

    def _converted(self, head: Head) -> list[dict[str, Any]] | None:
        """An entry's detections with boxes as they are written; None when that takes an unknown size."""
        given, wanted = self._given, self._target.box_format
        if given == wanted or not head.detections:
            return head.detections
        if head.size is None and "cxcywh_norm" in {given, wanted}:
            return None
        boxes = boxes_between(
            _boxes(head.detections, given), given, wanted, np.array([head.size or (1, 1)], np.float64)
        )
        return [
            {**detection, "bbox": _box(detection["bbox"], given, wanted, box)}
            for detection, box in zip(head.detections, boxes.tolist(), strict=True)
        ]


def _boxes(detections: list[dict[str, Any]], given: BoxFormat) -> NDArray[np.float64]:
    keys = BOX_KEYS[given]
    return np.array([[detection["bbox"][key] for key in keys] for detection in detections], np.float64)


def _box(old: dict[str, Any], given: BoxFormat, wanted: BoxFormat, numbers: list[float]) -> dict[str, Any]:
    """A box in its new format, with whatever else stood in it."""
    return {key: value for key, value in old.items() if key not in BOX_KEYS[given]} | dict(
        zip(BOX_KEYS[wanted], numbers, strict=True)
    )


def _size(said: Mapping[str, Any], size: tuple[int, int]) -> dict[str, Any]:
    """``image_size`` as it stands in the file, with the size that is right."""
    return {**said, "width": size[0], "height": size[1]}
