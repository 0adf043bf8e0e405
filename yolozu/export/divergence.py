"""Where a file of fewer bits, or another runtime, begins to compute something else."""

# Shapes: H and W of the network input in px.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from yolozu.export.layers import convolutions
from yolozu.model.probed_outputs import probe_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from yolozu.contract.sections.predict import InferencePrecision

DIVERGED = 0.1
"""Relative error of a layer from which it counts as diverged: a tenth of what it says is something else."""


@dataclass(frozen=True)
class Divergence:
    """Errors of layers against the float file in ONNX Runtime.

    Attributes:
        first: the first module whose error is above `DIVERGED`; None where there is none.
        worst: the module that is furthest off.
        largest: its error, root mean square of the difference over that of the float file's numbers.
    """

    first: str | None
    worst: str
    largest: float


def divergence(
    reference_path: Path,
    path: Path,
    images: Sequence[NDArray[np.float32]],
    *,
    adapter: str,
    precision: InferencePrecision,
    threads: int,
) -> Divergence:
    """Every convolution of the file at ``path`` in a runtime beside the same one of the float file in ONNX Runtime.

    Behind the last convolution queries are selected, from where rows no longer correspond.

    Args:
        reference_path: exported float file.
        path: the same network in any precision.
        images: network inputs, (1, 3, H, W) each.
        adapter: ``onnxruntime`` or ``openvino``.
        precision: that OpenVINO computes in.
        threads: threads inside one operator.

    Raises:
        InputError: YZ602, YZ632 a runtime cannot load or compute it.
        UsageError: YZ647, YZ648 OpenVINO is not installed, or cannot compute in this precision.
    """
    import onnx

    reference, model = onnx.load(reference_path), onnx.load(path)
    layers = convolutions(reference)
    own = probe_of(
        reference,
        [layer.output for layer in layers],
        adapter="onnxruntime",
        precision="fp32",
        threads=threads,
        where=str(reference_path),
    )
    given = {name for node in model.graph.node for name in node.output}
    tensors = [_dequantized(layer.output, given) for layer in layers]
    other = probe_of(model, tensors, adapter=adapter, precision=precision, threads=threads, where=str(path))
    errors = np.mean([[_error(*pair) for pair in zip(own(x), other(x), strict=True)] for x in images], axis=0)
    worst = int(np.argmax(errors))
    diverged = np.flatnonzero(errors > DIVERGED)
    first = layers[diverged[0]].module if len(diverged) else None
    return Divergence(first, layers[worst].module, float(errors[worst]))


def _dequantized(tensor: str, given: set[str]) -> str:
    """The tensor behind quantizing and dequantizing, where that is done to it."""
    dequantized = f"{tensor}_DequantizeLinear_Output"
    return dequantized if dequantized in given else tensor


def _error(reference: NDArray[Any], other: NDArray[Any]) -> float:
    scale = float(np.sqrt(np.mean(np.square(reference, dtype=np.float64))))
    off = float(np.sqrt(np.mean(np.square(reference.astype(np.float64) - other))))
    return off / scale if scale > 0.0 else float(off > 0.0)
