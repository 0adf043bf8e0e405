"""Convolutions in whole numbers: calibrated on pictures, and only where that was measured to do little harm.

Linear layers stay in float: they are a small part of the work, and OpenVINO 2026.4 does not compile the QDQ form that
ONNX Runtime's quantizer gives batched matrix products with a scale per channel.
"""

# Shapes: H and W of the network input in px.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from yolozu.artifacts.onnx_metadata import INPUT_NAME
from yolozu.errors import GateFailed, InputError
from yolozu.export.disagreement import disagreement
from yolozu.export.layers import Layer, blocks_of, convolutions
from yolozu.model.decode import decode_detections
from yolozu.model.onnx_runtime import qdq_quantizer, run_session, session_of

if TYPE_CHECKING:
    from yolozu.progress import Progress
    from yolozu.structures.detections import RawDetections

    Images = Sequence[NDArray[np.float32]]
    """Network inputs, (1, 3, H, W) each."""

    Ranges = Mapping[str, tuple[float, float]]
    """Tensor -> the least and the largest number seen in it."""

MOST_DETECTIONS = 100
"""Best detections of an image that are compared."""


@dataclass(frozen=True)
class Quantized:
    """A quantized network.

    Attributes:
        model: ``ModelProto``.
        error: its disagreement with the float one.
        errors: block -> disagreement where it alone is quantized, in the order of the network.
        in_float: blocks that stayed in float.
        convolutions: block -> how many it has.
    """

    model: Any
    error: float
    errors: dict[str, float]
    in_float: frozenset[str]
    convolutions: dict[str, int]


def quantize(
    path: Path, calibration: Images, held_out: Images, *, max_error: float, threads: int, progress: Progress
) -> Quantized:
    """The network at ``path`` with as many blocks in whole numbers as ``max_error`` allows.

    Every block is quantized alone and its `disagreement` measured; then all but the most sensitive ones are, so few of
    these in float as the limit allows. Weights are int8 with a scale per channel, activations uint8 from the least to
    the largest number seen.

    Args:
        path: exported ONNX file.
        calibration: what ranges are taken from.
        held_out: other images, on which disagreement is measured.
        max_error: largest disagreement.
        threads: of ONNX Runtime.
        progress: where progress is shown.

    Raises:
        GateFailed: YZ649 no block can be quantized within the limit.
        InputError: YZ602 or YZ632 ONNX Runtime cannot load or compute the network, YZ403 it gives NaN or infinity.
    """
    import onnx

    model = onnx.load(path)
    blocks = blocks_of(convolutions(model))
    measure = _Measure(model, held_out, threads=threads, where=str(path))
    with progress.bar("quantize", total=len(blocks) + 2) as bar:
        ranges = _ranges(model, [layer for layers in blocks.values() for layer in layers], calibration, threads, path)
        bar.advance()
        errors = {}
        for name, layers in blocks.items():
            errors[name] = measure(_quantized(model, layers, ranges))
            bar.advance()
        by_harm = sorted(blocks, key=lambda name: (errors[name], name))
        while by_harm:
            quantized = _quantized(model, [layer for name in by_harm for layer in blocks[name]], ranges)
            error = measure(quantized)
            if error <= max_error:
                bar.advance()
                counts = {name: len(layers) for name, layers in blocks.items()}
                return Quantized(quantized, error, errors, frozenset(blocks) - set(by_harm), counts)
            by_harm.pop()
    least = min(errors.values(), default=1.0)
    raise GateFailed.one(
        "YZ649",
        where=str(path),
        problem=f"no block can be quantized with int8_max_error: {max_error:g}; the least harmful one alone gives "
        f"{least:.3g}",
        fix="raise int8_max_error or calibration_images, or drop int8 from export_precisions",
    )


class _Measure:
    """Holds networks against a float one, on the same images."""

    def __init__(self, model: Any, images: Images, *, threads: int, where: str) -> None:
        self._images, self._threads, self._where = images, threads, where
        self._names = [entry.name for entry in model.graph.output]
        self._reference = self._detections(model)

    def __call__(self, model: Any) -> float:
        """Mean disagreement."""
        pairs = zip(self._reference, self._detections(model), strict=True)
        return float(np.mean([disagreement(one, other) for one, other in pairs]))

    def _detections(self, model: Any) -> list[RawDetections]:
        session = session_of(model.SerializeToString(), device="cpu", threads=self._threads, where=self._where)
        found = []
        for image in self._images:
            values = run_session(session, self._names, {INPUT_NAME: image}, where=self._where)
            outputs = dict(zip(self._names, values, strict=True))
            found += decode_detections(outputs, score_threshold=0.0, max_detections=MOST_DETECTIONS)
        return found


def _ranges(model: Any, layers: Sequence[Layer], images: Images, threads: int, path: Path) -> Ranges:
    """The range of every tensor that the layers read or give."""
    import onnx

    tensors = list(dict.fromkeys(tensor for layer in layers for tensor in (layer.inputs, layer.output)))
    observed = onnx.ModelProto()
    observed.CopyFrom(model)
    del observed.graph.output[:]
    for number, tensor in enumerate(tensors):
        for kind in ("ReduceMin", "ReduceMax"):
            name = f"{kind}_of_{number}"
            observed.graph.node.append(onnx.helper.make_node(kind, [tensor], [name], name=name, keepdims=0))
            observed.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, []))
    names = [entry.name for entry in observed.graph.output]
    session = session_of(observed.SerializeToString(), device="cpu", threads=threads, where=str(path))
    seen = np.array([run_session(session, names, {INPUT_NAME: image}, where=str(path)) for image in images])
    if not np.isfinite(seen).all():
        raise InputError.one(
            "YZ403",
            where=str(path),
            problem="the network gave NaN or infinity",
            fix="export another checkpoint, or train with a lower lr or clip_grad_norm",
        )
    least, largest = seen[:, 0::2].min(axis=0), seen[:, 1::2].max(axis=0)
    return {tensor: (float(least[place]), float(largest[place])) for place, tensor in enumerate(tensors)}


def _quantized(model: Any, layers: Sequence[Layer], ranges: Ranges) -> Any:
    """A copy of the model in which these layers compute in whole numbers."""
    import onnx

    qdq, calibrate, kinds = qdq_quantizer()
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    data = {
        tensor: calibrate.TensorData(lowest=np.float32(least), highest=np.float32(largest))
        for tensor, (least, largest) in ranges.items()
    }
    quantizer = qdq.QDQQuantizer(
        copy,
        per_channel=True,
        reduce_range=False,
        weight_qType=kinds.QuantType.QInt8,
        activation_qType=kinds.QuantType.QUInt8,
        tensors_range=calibrate.TensorsData(calibrate.CalibrationMethod.MinMax, data),
        nodes_to_quantize=[layer.node for layer in layers],
        nodes_to_exclude=[],
        op_types_to_quantize=["Conv"],
        extra_options={},
    )
    quantizer.quantize_model()
    quantizer.model.topological_sort()
    return quantizer.model.model
