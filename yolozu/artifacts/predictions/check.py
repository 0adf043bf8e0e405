"""A predictions file held against the schema, and against a data set where one is given."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from yolozu.artifacts.jsonio import read_json
from yolozu.artifacts.prediction_formats import BoxFormat
from yolozu.artifacts.predictions.container import DeclaredLate, Envelope, Layout, LooksWrapped
from yolozu.artifacts.predictions.findings import Findings
from yolozu.artifacts.predictions.image_names import KnownImages
from yolozu.artifacts.predictions.scan import TOP, Scan, Sink
from yolozu.errors import Finding

REPORT_VERSION = 1
KEEP = 50
"""Findings kept of each kind unless asked otherwise; all are counted."""


@dataclass(frozen=True)
class Coverage:
    """How many of a data set's images have predictions.

    Attributes:
        covered_images: those with an entry.
        expected_images: those that should have one.
    """

    covered_images: int
    expected_images: int


@dataclass(frozen=True)
class PredictionsCheck:
    """What a check found.

    Attributes:
        layout: wrapped, list or map; None when the file shows none (it is empty or broken).
        bbox_format: how the boxes were read.
        meta: the file's own ``meta``.
        images: entries read.
        detections: detections read.
        coverage: None when no data set was given.
        errors: number of errors, kept or not.
        warnings: number of warnings, kept or not.
        findings_by_code: number of findings of each code, kept or not.
        findings: the first of each kind, in the order of the file; ``where`` is a JSON path.
    """

    layout: Layout | None
    bbox_format: BoxFormat
    meta: dict[str, Any]
    images: int
    detections: int
    coverage: Coverage | None
    errors: int
    warnings: int
    findings_by_code: dict[str, int]
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether there is no error."""
        return self.errors == 0

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """What `to_json` gave, but for the file's ``meta``."""
        counts, coverage = value["counts"], value["coverage"]
        return cls(
            layout=value["layout"],
            bbox_format=value["bbox_format"],
            meta={},
            **counts,
            coverage=None if coverage is None else Coverage(**coverage),
            findings_by_code=value["findings_by_code"],
            findings=tuple(Finding(**finding) for finding in value["findings"]),
        )

    def to_json(self) -> dict[str, Any]:
        """The check as a JSON object."""
        return {
            "passed": self.passed,
            "layout": self.layout,
            "bbox_format": self.bbox_format,
            "counts": {
                "images": self.images,
                "detections": self.detections,
                "errors": self.errors,
                "warnings": self.warnings,
            },
            "coverage": None if self.coverage is None else asdict(self.coverage),
            "findings_by_code": self.findings_by_code,
            "findings": [asdict(finding) for finding in self.findings],
        }


def check_predictions(
    path: Path,
    *,
    bbox_format: BoxFormat | None = None,
    known: KnownImages | None = None,
    strict: bool = False,
    keep_findings: int = KEEP,
    sink: Sink | None = None,
    passed: bool = False,
) -> PredictionsCheck:
    """Check every number of a predictions file, holding a few thousand detections of it in memory at a time.

    Args:
        path: the file: wrapped, a bare list, or ``{image: [detections]}``.
        bbox_format: how boxes are written; None takes what the file declares in ``meta.bbox_format``, else cxcywh_norm.
        known: the data set's images and classes.
        strict: count warnings as errors.
        keep_findings: findings kept of each code; all are counted.
        sink: is handed the numbers of the file, block by block, as long as there is no error.
        passed: whether the file is known to have no error: keys that stand twice and fields beside class, score and box
            are then taken as they are.

    Raises:
        InputError: YZ701 when there is no such file.
    """
    layout: Layout | None = None
    declared: BoxFormat | None = None
    while True:
        envelope, findings = Envelope(bbox_format, declared), Findings(keep_findings, strict=strict)
        scan = Scan(envelope, findings, known, sink, passed=passed)
        if sink is not None:
            sink.start(envelope)
        try:
            with _no_garbage_collection():
                scan.run(path, layout)
        except LooksWrapped:
            layout = "wrapped"
        except DeclaredLate as late:
            declared = late.bbox_format
        else:
            return check_of(scan, envelope, findings, known)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """What JSON gives has no cycles; looking for some among millions of new objects takes a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def check_of(scan: Scan, envelope: Envelope, findings: Findings, known: KnownImages | None) -> PredictionsCheck:
    """What a pass to the end has found."""
    if scan.layout == "wrapped" and scan.ended_well:
        findings.extend(TOP, envelope.missing())
    coverage = None
    if known is not None:
        uncovered = [image for image in known.images[: known.expected_count] if image not in scan.seen]
        coverage = Coverage(known.expected_count - len(uncovered), known.expected_count)
        if uncovered:
            problem = f"{len(uncovered)} of {known.expected_count} images have no entry, the first {uncovered[0]!r}"
            fix = "write an entry with an empty list for images where nothing was found"
            where = "predictions" if scan.layout == "wrapped" else "$"
            findings.add(TOP, Finding("YZ716", where, problem, fix, "warning"))
    by_code: Counter[str] = Counter()
    for (code, _), count in findings.counts.items():
        by_code[code] += count
    return PredictionsCheck(
        layout=scan.layout,
        bbox_format=envelope.bbox_format,
        meta=envelope.meta,
        images=scan.entries,
        detections=scan.detections,
        coverage=coverage,
        errors=findings.total("error"),
        warnings=findings.total("warning"),
        findings_by_code=dict(sorted(by_code.items())),
        findings=findings.kept(),
    )


def check_report(check: PredictionsCheck) -> dict[str, Any]:
    """``predictions_check.json``: the check with version and time."""
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    return {"schema_version": REPORT_VERSION, "timestamp": stamp, **check.to_json()}


def read_check_report(path: Path) -> PredictionsCheck:
    """What `check_report` tells of, but for the file's ``meta``.

    Raises:
        InputError: YZ312 the file is no JSON.
    """
    value = read_json(path, code="YZ312", fix="delete it and build the run again")
    return PredictionsCheck.from_json(value)
