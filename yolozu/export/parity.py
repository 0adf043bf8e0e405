"""Whether an exported file computes what its checkpoint computes."""

# Shapes: B images, Q queries, C classes, H and W of the network input.

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from yolozu.artifacts.checkpoint import Checkpoint, read_checkpoint
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.onnx_content import content_findings
from yolozu.artifacts.onnx_metadata import InputSizes
from yolozu.artifacts.parity_report import ComparedInputs, OnnxRuntimeUsed, ParityReport, Thresholds
from yolozu.artifacts.run_meta import timestamp
from yolozu.data.detections import camera_of
from yolozu.data.images import pixels_of
from yolozu.data.index import DataIndex
from yolozu.data.placed_poses import place_camera
from yolozu.data.placement import Placement
from yolozu.data.preprocess import Preprocess
from yolozu.errors import InputError
from yolozu.export.comparison import ComparedImage, Pair
from yolozu.export.poses import InputCamera
from yolozu.export.selection import SelectionProbe
from yolozu.export.verdict import matched, output_differences, reason, selection, shortcomings
from yolozu.model.loading import detector_from
from yolozu.model.onnx_network import OnnxNetwork
from yolozu.progress import Progress
from yolozu.structures.image_record import ImageRecord
from yolozu.system import compute_threads

BATCH_SIZES = (1, 3)
"""The export is traced with 2 images; these show that its batch is free."""

STEPS = ((1, -1), (-1, 2))
"""Multiples by which height and width differ from the own size, where they are free: narrower, and lower but wider."""


def check_parity(
    checkpoint_path: Path,
    onnx_path: Path,
    index: DataIndex,
    *,
    thresholds: Thresholds,
    policy: Literal["fail", "warn"],
    images: int,
    progress: Progress,
) -> ParityReport:
    """Compare an exported file with its checkpoint on real images, on the CPU.

    A file that holds something else than was exported does not pass, however near its numbers are.

    Every image goes through both networks in a batch of each of `BATCH_SIZES`, and, where height and width are free, by
    itself at two other sizes; raw outputs are compared query by
    query, then decoded detections pair by pair. Translations follow from each image's camera, or where that is not
    known from a stand-in, which the report says.

    Args:
        checkpoint_path: the checkpoint.
        onnx_path: the file exported from it.
        index: images to compare on.
        thresholds: largest differences that pass.
        policy: what a difference will mean; only noted in the report.
        images: how many of the first images of ``index`` to use; fewer if there are no more.
        progress: where progress is shown.

    Raises:
        InputError: YZ602 to YZ604 and YZ608 the file cannot be used, or belongs to another checkpoint; YZ606 there are
            no images; the checkpoint or an image cannot be read.
    """
    records = index.records[:images]
    if not records:
        raise InputError.one(
            "YZ606",
            where=f"{index.root}: {index.split}",
            problem="the split has no images to compare the exported file on",
            fix="choose a val_split with images",
        )
    checkpoint = read_checkpoint(checkpoint_path)
    checkpoint_sha256 = digest_file(checkpoint_path)
    threads = compute_threads()
    network = OnnxNetwork(onnx_path, threads=threads, as_it_is=True)
    _require_same_origin(onnx_path, network, checkpoint, checkpoint_sha256)
    probe = SelectionProbe(onnx_path, threads=threads)
    pair = Pair(detector_from(checkpoint), network, probe, thresholds)
    preprocess = Preprocess.from_json(checkpoint.preprocess)
    others = [] if network.metadata.input_sizes is None else other_sizes(network.metadata.input_sizes, preprocess)
    rounds = [(preprocess, size) for size in BATCH_SIZES] + [(other, 1) for other in others]
    compared = _compare_all(pair, rounds, records, progress)
    sizes = [(other.height, other.width) for other in others]
    changed = [finding.problem for finding in content_findings(onnx_path)]
    failures = [*shortcomings(compared, thresholds), *changed]
    without_camera = None
    if network.metadata.has_pose:
        without_camera = sum(camera_of(record) is None for record in records)
    return ParityReport(
        timestamp=timestamp(),
        passed=not failures,
        policy=policy,
        reason=reason(
            failures,
            images=len(records),
            requested=images,
            batch_sizes=BATCH_SIZES,
            other_sizes=sizes,
            without_camera=without_camera or 0,
        ),
        thresholds=thresholds,
        inputs=ComparedInputs(
            images=[record.image for record in records],
            images_requested=images,
            batch_sizes=list(BATCH_SIZES),
            height=preprocess.height,
            width=preprocess.width,
            other_sizes=[list(size) for size in sizes],
            images_without_camera=without_camera,
        ),
        outputs=output_differences(compared),
        selection=selection(compared),
        matched=matched(compared),
        onnxruntime=OnnxRuntimeUsed(version=network.version, providers=network.providers),
        onnx_sha256=digest_file(onnx_path),
        checkpoint_sha256=checkpoint_sha256,
    )


def _compare_all(
    pair: Pair, rounds: Sequence[tuple[Preprocess, int]], records: Sequence[ImageRecord], progress: Progress
) -> list[ComparedImage]:
    """Every image, preprocessed and in a batch as each of ``rounds`` says."""
    compared: list[ComparedImage] = []
    batches = [(preprocess, batch) for preprocess, size in rounds for batch in _batches(records, size)]
    with progress.bar("parity", total=len(batches)) as bar:
        for preprocess, batch in batches:
            note = "" if preprocess == rounds[0][0] else f" at {preprocess.height}x{preprocess.width} px"
            read = [preprocess.letterbox(pixels_of(record)) for record in batch]
            canvases = np.stack([canvas for canvas, _ in read])
            cameras = [_camera(record, placement) for record, (_, placement) in zip(batch, read, strict=True)]
            compared += pair.compare(
                preprocess.to_network(canvases), [f"{record.image}{note}" for record in batch], cameras
            )
            bar.advance()
    return compared


def other_sizes(sizes: InputSizes, preprocess: Preprocess) -> list[Preprocess]:
    """Near the own size, on other sides of it in height and width, as far as the file takes smaller ones."""
    found = []
    for rows, columns in STEPS:
        height = max(sizes.least_height, preprocess.height + rows * sizes.multiple_of)
        width = max(sizes.least_width, preprocess.width + columns * sizes.multiple_of)
        found.append(replace(preprocess, height=height, width=width))
    return found


def _camera(record: ImageRecord, placement: Placement) -> InputCamera:
    """The image's camera in the network input, or the stand-in."""
    width, height = placement.input_width, placement.input_height
    K_4 = camera_of(record)
    if K_4 is None:
        return InputCamera.stand_in(width, height)
    return InputCamera(place_camera(K_4, placement), width, height, known=True)


def _batches(records: Sequence[ImageRecord], size: int) -> Iterator[Sequence[ImageRecord]]:
    """The images in batches of exactly ``size``: a short last one is filled up from the first images again."""
    for start in range(0, len(records), size):
        yield [records[(start + place) % len(records)] for place in range(size)]


def _require_same_origin(onnx_path: Path, network: OnnxNetwork, checkpoint: Checkpoint, checkpoint_sha256: str) -> None:
    """Refuse a file that was not exported from this checkpoint."""
    metadata = network.metadata
    claims = {
        "checkpoint": (metadata.checkpoint_sha256, checkpoint_sha256),
        "contract": (metadata.contract_digest, checkpoint.contract_digest),
        "class table": (metadata.classes, checkpoint.classes),
        "preprocessing": (metadata.preprocess, Preprocess.from_json(checkpoint.preprocess).to_json()),
    }
    differing = [name for name, (claimed, actual) in claims.items() if claimed != actual]
    if differing:
        raise InputError.one(
            "YZ604",
            where=str(onnx_path),
            problem=f"exported from another checkpoint than {checkpoint.source} (its {', '.join(differing)} differ)",
            fix="export this checkpoint, or compare with the one the file came from",
        )
