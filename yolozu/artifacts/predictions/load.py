"""Predictions read from a file, or refused with everything that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.predictions.check import check_predictions
from yolozu.artifacts.predictions.read_columns import read_columns
from yolozu.errors import Finding, InputError
from yolozu.structures.predictions import ImagePredictions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from yolozu.artifacts.prediction_formats import BoxFormat
    from yolozu.artifacts.predictions.check import PredictionsCheck
    from yolozu.artifacts.predictions.container import Envelope
    from yolozu.artifacts.predictions.detections import Columns
    from yolozu.artifacts.predictions.entries import Head
    from yolozu.artifacts.predictions.image_names import KnownImages

SHOWN_ERRORS = 20
SEE_ALL = "see them with: yolozu validate predictions {}"
CORE_KEYS = ("class_id", "score", "bbox")


@dataclass(frozen=True)
class PredictionsFile:
    """A predictions file without errors.

    Attributes:
        images: its entries in order; images of a given data set by their path there.
        check: how it was read, and the warnings.
    """

    images: list[ImagePredictions]
    check: PredictionsCheck


def load_predictions(
    path: Path, *, bbox_format: BoxFormat | None = None, known: KnownImages | None = None, passed: bool = False
) -> PredictionsFile:
    """Read and check a predictions file; where its columns lie beside it, these are read instead.

    Args:
        path: the file: wrapped, a bare list, or ``{image: [detections]}``.
        bbox_format: how boxes are written; None takes what the file declares, else cxcywh_norm.
        known: the data set's images and classes.
        passed: whether the file has passed `check_predictions`: only what every reader needs is then checked again.

    Raises:
        InputError: with the findings (the first of each kind), when the file has any error.
    """
    found = read_columns(path, bbox_format=bbox_format, known=known, passed=passed)
    if found is not None:
        return PredictionsFile(*found)
    collector = _Collector()
    check = check_predictions(
        path, bbox_format=bbox_format, known=known, keep_findings=SHOWN_ERRORS, sink=collector, passed=passed
    )
    if not check.passed:
        raise InputError(located(check.findings, check.errors, path))
    return PredictionsFile(collector.images, check)


def read_predictions(
    path: Path, *, bbox_format: BoxFormat | None = None, known: KnownImages | None = None, passed: bool = False
) -> list[ImagePredictions]:
    """The entries of a predictions file; see `load_predictions`."""
    return load_predictions(path, bbox_format=bbox_format, known=known, passed=passed).images


class _Collector:
    """Keeps all columns."""

    def __init__(self) -> None:
        self.images: list[ImagePredictions] = []

    def start(self, envelope: Envelope) -> None:  # noqa: ARG002 - the protocol's
        """Forget everything."""
        self.images = []

    def take(self, heads: list[Head], columns: Columns) -> None:
        """Cut a block into images."""
        start = 0
        for head in heads:
            rows = slice(start, start + len(head.detections))
            start = rows.stop
            width, height = head.size if head.size is not None else (None, None)
            names = [name for name in head.detections[0] if name in columns.poses] if head.detections else []
            self.images.append(
                ImagePredictions(
                    head.image,
                    width,
                    height,
                    columns.class_ids[rows],
                    columns.scores[rows],
                    columns.boxes_cxcywh[rows],
                    extras=_extras(head.detections, {*CORE_KEYS, *names}),
                    intrinsics=head.value.get("intrinsics"),
                    poses={name: columns.poses[name][rows] for name in names},
                )
            )


def _extras(detections: list[dict[str, Any]], taken: set[str]) -> tuple[Mapping[str, Any], ...]:
    """The detections without the keys that were ``taken``; the maps change, because copies take their time."""
    if all(len(detection) == len(taken) for detection in detections):
        return ()
    for detection in detections:
        for key in taken:
            del detection[key]
    return tuple(detections)


def located(findings: Sequence[Finding], errors: int, path: Path, fix: str | None = None) -> list[Finding]:
    """The errors among ``findings`` with the file before their place, and how many more of ``errors`` there are."""
    listed = [replace(found, where=f"{path}: {found.where}") for found in findings if found.severity == "error"]
    left = errors - len(listed)
    if left:
        listed.append(Finding("YZ719", str(path), f"{left} more errors of these kinds", fix or SEE_ALL.format(path)))
    return listed
