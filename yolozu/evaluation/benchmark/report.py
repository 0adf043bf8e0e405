"""``eval_suite.json``: many evaluations under one protocol as a file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from yolozu.artifacts.prediction_formats import BoxFormat
from yolozu.artifacts.record import Record
from yolozu.evaluation.benchmark.protocol import EvalProtocol
from yolozu.evaluation.boxes.report import CocoClass, CocoCounts
from yolozu.evaluation.pose.report import PoseClass, PoseCounts


class SuiteBoxes(Record):
    """Boxes of one file, measured by the COCO protocol."""

    metrics: dict[str, float | None]
    """Name -> value in [0, 1]; null where nothing was there to measure."""

    per_class: list[CocoClass]
    """Classes in network order."""

    counts: CocoCounts
    """What was evaluated."""


class SuitePoses(Record):
    """Poses of one file."""

    metrics: dict[str, float | None]
    """Name -> value; null where nothing was there to measure."""

    per_class: list[PoseClass]
    """Classes in network order."""

    counts: PoseCounts
    """What was evaluated."""


class SuiteFile(Record):
    """One predictions file."""

    file: str
    """The file as it was named."""

    sha256: str
    """Digest of the file."""

    meta: dict[str, JsonValue]
    """What the file says of itself."""

    bbox_format: BoxFormat
    """How its boxes were read."""

    boxes: SuiteBoxes
    """Its boxes."""

    poses: SuitePoses | None
    """Its poses; null where none are measured."""

    warnings: list[str]
    """What a reader of the numbers should know."""


class SuiteReport(Record):
    """Evaluation of several predictions files under one protocol."""

    schema_version: Literal[1] = 1
    """Version of this layout."""

    timestamp: str
    """When it was measured, UTC, ISO 8601."""

    protocol: EvalProtocol
    """What was measured on, and how."""

    protocol_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of the protocol's canonical JSON."""

    files: list[SuiteFile]
    """The files in the order they were named."""

    dry_run: bool
    """Only the counts were made."""
