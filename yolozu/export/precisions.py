"""The exported network in further precisions."""

# Shapes: H and W of the network input in px.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.onnx_content import require_content
from yolozu.artifacts.precisions_report import PrecisionsReport, Quantization, QuantizedBlock, SameNetwork
from yolozu.artifacts.run_meta import timestamp
from yolozu.data.images import pixels_of
from yolozu.data.index import images_digest
from yolozu.data.preprocess import Preprocess
from yolozu.errors import InputError
from yolozu.export.half_weights import halve_weights
from yolozu.export.onnx import write_onnx
from yolozu.export.quantize import Quantized, quantize
from yolozu.model.onnx_network import OnnxNetwork
from yolozu.system import compute_threads

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from yolozu.data.index import DataIndex
    from yolozu.progress import Progress
    from yolozu.structures.image_record import ImageRecord

HELD_OUT = 4
"""For so many calibration images there is one on which disagreement is measured."""


def export_precisions(
    onnx_path: Path,
    index: DataIndex,
    targets: Mapping[str, tuple[Path, str]],
    *,
    calibration_images: int,
    max_error: float,
    progress: Progress,
) -> PrecisionsReport:
    """Write the exported network in each precision of ``targets``; the same inputs give the same bytes.

    Args:
        onnx_path: exported file.
        index: training images, from which those with the smallest digests are taken.
        targets: ``fp16`` or ``int8`` -> the file to write, and what the report calls it.
        calibration_images: how many say which range whole numbers have to cover; fewer if there are no more.
        max_error: largest disagreement of the int8 file with the float one.
        progress: where progress is shown.

    Raises:
        InputError: the file or an image cannot be used; YZ606 there are too few images to calibrate and to measure.
        GateFailed: YZ649 nothing can be quantized within ``max_error``.
    """
    require_content(onnx_path)
    network = OnnxNetwork(onnx_path, threads=1)
    files, quantization = {}, None
    for precision, (path, name) in targets.items():
        if precision == "fp16":
            model = _loaded(onnx_path)
            halve_weights(model)
        else:
            model, quantization = _int8(
                onnx_path, network, index, calibration_images=calibration_images, max_error=max_error, progress=progress
            )
        write_onnx(path, model, network.metadata)
        files[precision] = SameNetwork(file=name, sha256=digest_file(path), bytes=path.stat().st_size)
    return PrecisionsReport(timestamp=timestamp(), onnx_sha256=digest_file(onnx_path), files=files, int8=quantization)


def _int8(
    onnx_path: Path,
    network: OnnxNetwork,
    index: DataIndex,
    *,
    calibration_images: int,
    max_error: float,
    progress: Progress,
) -> tuple[Any, Quantization]:
    calibration, held_out = calibration_split(index.records, calibration_images)
    if not held_out:
        raise InputError.one(
            "YZ606",
            where=f"{index.root}: {index.split}",
            problem=f"{len(index)} images are too few to calibrate int8 and to measure what it costs",
            fix="train on more images, or drop int8 from export_precisions",
        )
    preprocess = Preprocess.from_json(network.metadata.preprocess, where=str(onnx_path))
    done = quantize(
        onnx_path,
        [_network_input(record, preprocess) for record in calibration],
        [_network_input(record, preprocess) for record in held_out],
        max_error=max_error,
        threads=compute_threads(),
        progress=progress,
    )
    return done.model, Quantization(
        calibration_images=len(calibration),
        calibration_sha256=images_digest(calibration),
        measured_images=len(held_out),
        error=done.error,
        max_error=max_error,
        blocks=[_block(name, done) for name in done.errors],
    )


def calibration_split(records: Sequence[ImageRecord], count: int) -> tuple[list[ImageRecord], list[ImageRecord]]:
    """Images to calibrate with, and others to measure on: those with the smallest digests, whatever their order."""
    ordered = sorted(records, key=lambda record: (record.sha256, record.image))
    held_out = max(1, min(count, len(ordered)) // HELD_OUT)
    calibration = ordered[: min(count, len(ordered) - held_out)]
    return calibration, ordered[len(calibration) :][:held_out] if calibration else []


def _block(name: str, done: Quantized) -> QuantizedBlock:
    return QuantizedBlock(
        name=name,
        convolutions=done.convolutions[name],
        error=done.errors[name],
        precision="fp32" if name in done.in_float else "int8",
    )


def _network_input(record: ImageRecord, preprocess: Preprocess) -> NDArray[np.float32]:
    canvas, _ = preprocess.letterbox(pixels_of(record))
    return preprocess.to_network(canvas[None])


def _loaded(path: Path) -> Any:
    import onnx

    return onnx.load(path)
