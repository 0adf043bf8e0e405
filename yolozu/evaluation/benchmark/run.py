"""Many predictions files under one protocol: each is held to it before anything is measured, then all are measured."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.jsonio import canonical
from yolozu.artifacts.meshes import ObjectModels
from yolozu.artifacts.prediction_formats import BoxFormat
from yolozu.artifacts.predictions import PredictionsFile, load_predictions
from yolozu.contract.sections.evaluate import EvalEngine
from yolozu.data.index import DataIndex, images_digest
from yolozu.errors import Finding, InputError, YolozuError
from yolozu.evaluation.benchmark.protocol import (
    EvalProtocol,
    ProtocolBoxes,
    ProtocolPoses,
    models_digest,
    protocol_data,
)
from yolozu.evaluation.benchmark.report import SuiteBoxes, SuiteFile, SuitePoses, SuiteReport
from yolozu.evaluation.boxes.coco import evaluate_coco
from yolozu.evaluation.boxes.report import said_by
from yolozu.evaluation.known_images import known_images
from yolozu.evaluation.pose.evaluate import evaluate_pose
from yolozu.progress import Progress

IMAGES_KEY = "images_sha256"
"""Key of a predictions file's meta: `images_digest` of the images predicted, the first ``images`` of a split."""


def protocol_of(
    index: DataIndex,
    models: ObjectModels,
    *,
    max_images: int | None,
    engine: EvalEngine,
    bbox_format: BoxFormat | None,
    poses: bool,
    allow_missing: bool,
    pins: Mapping[str, JsonValue],
) -> EvalProtocol:
    """The protocol of measuring on ``index``; ``poses`` asks for pose numbers, which there are where it has poses."""
    measured = poses and index.has_poses
    digest = models_digest(models, index.classes.category_ids) if measured else ""
    return EvalProtocol(
        data=protocol_data(index, max_images=max_images),
        boxes=ProtocolBoxes(engine=engine, bbox_format=bbox_format),
        poses=ProtocolPoses(models=digest) if measured else None,
        coverage="any" if allow_missing else "all",
        predictions=dict(pins),
    )


def evaluate_suite(
    index: DataIndex,
    models: ObjectModels,
    paths: Sequence[Path],
    protocol: EvalProtocol,
    *,
    dry_run: bool,
    progress: Progress,
) -> SuiteReport:
    """Measure every file.

    Args:
        index: the images with their ground truth.
        models: by network class index.
        paths: predictions files.
        protocol: made of the same index and models.
        dry_run: read, check and count, but measure nothing.
        progress: where it is shown.

    Raises:
        InputError: a file is not what the protocol asks for; everything that is wrong with any of them.
    """
    files: list[SuiteFile] = []
    findings = list(_given_twice(paths))
    with progress.bar("predictions files", len(paths)) as bar:
        for path in paths:
            try:
                loaded = _fitting(path, index, protocol)
            except YolozuError as error:
                findings += error.findings
            else:
                if not findings:
                    files.append(_measured(path, loaded, index, models, protocol, dry_run=dry_run))
            bar.advance()
    findings += _same_content(files)
    if findings:
        raise InputError(findings)
    return SuiteReport(
        timestamp=datetime.now(UTC).isoformat(timespec="seconds"),
        protocol=protocol,
        protocol_sha256=protocol.sha256,
        files=files,
        dry_run=dry_run,
    )


def _given_twice(paths: Sequence[Path]) -> Iterator[Finding]:
    seen: dict[Path, Path] = {}
    for path in paths:
        first = seen.setdefault(path.resolve(), path)
        if first is not path:
            yield Finding("YZ844", str(path), "is named twice", "name each file once")


def _same_content(files: Sequence[SuiteFile]) -> Iterator[Finding]:
    seen: dict[str, SuiteFile] = {}
    for one in files:
        first = seen.setdefault(one.sha256, one)
        if first is not one:
            yield Finding("YZ844", one.file, f"is a copy of {first.file}", "leave one of them out")


def _fitting(path: Path, index: DataIndex, protocol: EvalProtocol) -> PredictionsFile:
    """The predictions at ``path``.

    Raises:
        InputError: they are not what the protocol asks for.
    """
    known = known_images(index, max_images=protocol.data.max_images)
    loaded = load_predictions(path, bbox_format=protocol.boxes.bbox_format, known=known)
    findings = [
        *_of_other_images(path, loaded, index),
        *_said_otherwise(path, loaded.check.meta, protocol.predictions),
        *_beyond(path, loaded, protocol.predictions),
        *_uncovered(path, loaded, protocol),
    ]
    if findings:
        raise InputError(findings)
    return loaded


def _of_other_images(path: Path, loaded: PredictionsFile, index: DataIndex) -> Iterator[Finding]:
    meta = loaded.check.meta
    told, count = meta.get(IMAGES_KEY), meta.get("images")
    if isinstance(told, str) and isinstance(count, int) and told != images_digest(index.records[:count]):
        problem = f"predicts {count} other images than the first {count} of split {index.split!r}"
        yield Finding("YZ846", f"{path}: meta.{IMAGES_KEY}", problem, "predict this data set, or name the other one")


def _said_otherwise(path: Path, meta: Mapping[str, Any], pins: Mapping[str, JsonValue]) -> Iterator[Finding]:
    for key, pinned in pins.items():
        told = meta.get(key)
        if (told is not None or pinned is None) and told != pinned:
            problem = f"{canonical(told)}, but the protocol pins {canonical(pinned)}"
            pin = shlex.quote(f"{key}={canonical(told)}")
            fix = f"predict again with the pinned value, or pin another for all files: --pin {pin}"
            yield Finding("YZ843", f"{path}: meta.{key}", problem, fix)


def _beyond(path: Path, loaded: PredictionsFile, pins: Mapping[str, JsonValue]) -> Iterator[Finding]:
    """Detections that a file made as the protocol asks does not hold, whatever its meta says."""
    threshold, most = pins.get("score_threshold"), pins.get("max_detections")
    fix = "predict again with the pinned value, or pin another for all files with --pin"
    if isinstance(threshold, int | float):
        lowest = min((float(entry.scores.min()) for entry in loaded.images if len(entry)), default=threshold)
        if lowest < threshold:
            problem = f"has a detection with score {lowest:g}; the protocol pins score_threshold {threshold:g}"
            yield Finding("YZ849", str(path), problem, fix)
    if isinstance(most, int):
        largest = max(loaded.images, key=len, default=None)
        if largest is not None and len(largest) > most:
            problem = f"has {len(largest)} detections in {largest.image}; the protocol pins max_detections {most}"
            yield Finding("YZ849", str(path), problem, fix)


def _uncovered(path: Path, loaded: PredictionsFile, protocol: EvalProtocol) -> Iterator[Finding]:
    coverage = loaded.check.coverage
    assert coverage is not None, "the file was held against a data set"
    missing = coverage.expected_images - coverage.covered_images
    if missing and protocol.coverage == "all":
        problem = f"{missing} of {coverage.expected_images} images have no entry"
        fix = "predict all images, or count what is missing as missed: --allow-missing"
        yield Finding("YZ845", str(path), problem, fix)


def _measured(
    path: Path,
    loaded: PredictionsFile,
    index: DataIndex,
    models: ObjectModels,
    protocol: EvalProtocol,
    *,
    dry_run: bool,
) -> SuiteFile:
    max_images, check = protocol.data.max_images, loaded.check
    boxes = evaluate_coco(index, loaded.images, engine=protocol.boxes.engine, max_images=max_images, dry_run=dry_run)
    poses, of_poses = None, []
    if protocol.poses is not None and not dry_run:
        measured = evaluate_pose(index, models, loaded.images, max_images=max_images)
        poses = SuitePoses(metrics=measured.metrics, per_class=measured.per_class, counts=measured.counts)
        of_poses = [warning for warning in measured.warnings if warning not in boxes.warnings]
    silent = [key for key, pinned in protocol.predictions.items() if pinned is not None and key not in check.meta]
    unsaid = [f"does not say {', '.join(silent)}, which the protocol pins"] if silent else []
    return SuiteFile(
        file=path.as_posix(),
        sha256=digest_file(path),
        meta=dict(check.meta),
        bbox_format=check.bbox_format,
        boxes=SuiteBoxes(metrics=boxes.metrics, per_class=boxes.per_class, counts=boxes.counts),
        poses=poses,
        warnings=[*said_by(check), *unsaid, *boxes.warnings, *of_poses],
    )
