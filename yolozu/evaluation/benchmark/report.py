"""``eval_suite.json``: many evaluations under one protocol as a file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, JsonValue

from yolozu.artifacts.prediction_formats import BoxFormat
from yolozu.artifacts.record import Record, schema_of
from yolozu.evaluation.benchmark.protocol import EvalProtocol
from yolozu.evaluation.boxes.report import CocoClass, CocoCounts
from yolozu.evaluation.pose.report import PoseClass, PoseCounts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolozu.evaluation.benchmark.benchmark import SuiteRow
    from yolozu.evaluation.boxes.report import CocoReport
    from yolozu.evaluation.pose.report import PoseReport


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


def suite_report(rows: Sequence[SuiteRow], protocol: EvalProtocol, *, dry_run: bool) -> dict[str, Any]:
    """The evaluations as the JSON object of ``eval_suite.json``."""
    return SuiteReport(
        timestamp=datetime.now(UTC).isoformat(timespec="seconds"),
        protocol=protocol,
        protocol_sha256=protocol.sha256,
        files=[_file(row) for row in rows],
        dry_run=dry_run,
    ).model_dump(mode="json")


def eval_suite_schema() -> dict[str, Any]:
    """JSON Schema of ``eval_suite.json``."""
    return schema_of(SuiteReport)


def eval_protocol_schema() -> dict[str, Any]:
    """JSON Schema of protocol files."""
    return schema_of(EvalProtocol)


def _file(row: SuiteRow) -> SuiteFile:
    told = () if row.poses is None else row.poses.warnings
    return SuiteFile(
        file=row.path.as_posix(),
        sha256=row.sha256,
        meta=dict(row.meta),
        bbox_format=row.bbox_format,
        boxes=_boxes(row.boxes),
        poses=None if row.poses is None else _poses(row.poses),
        warnings=[*row.said, *row.boxes.warnings, *(warning for warning in told if warning not in row.boxes.warnings)],
    )


def _boxes(result: CocoReport) -> SuiteBoxes:
    return SuiteBoxes(metrics=result.metrics, per_class=result.per_class, counts=result.counts)


def _poses(result: PoseReport) -> SuitePoses:
    return SuitePoses(metrics=result.metrics, per_class=result.per_class, counts=result.counts)
