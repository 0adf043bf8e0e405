"""OpenVINO, silenced and held to a precision: the one place that imports it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from yolozu.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from yolozu.contract.sections.predict import InferencePrecision
    from yolozu.errors import YolozuError

PRECISIONS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}
"""Precision in a contract -> OpenVINO's name of it."""

TELEMETRY = "openvino_telemetry"
"""Package that OpenVINO's converter sends events with where it can import it."""

_HINT = "INFERENCE_PRECISION_HINT"


def openvino() -> Any:
    """The module ``openvino``, imported so that it finds nothing to send events with.

    Raises:
        UsageError: YZ647 it is not installed.
    """
    hidden = "openvino" not in sys.modules and TELEMETRY not in sys.modules
    if hidden:
        sys.modules[TELEMETRY] = None  # type: ignore[assignment] # which an import takes for a missing package
    try:
        import openvino as module
    except ModuleNotFoundError as error:
        raise UsageError.one(
            "YZ647",
            where="adapter: openvino",
            problem="OpenVINO is not installed",
            fix="pip install 'yolozu[openvino]', or predict with adapter: onnxruntime",
        ) from error
    finally:
        if hidden:
            del sys.modules[TELEMETRY]
    return module


def compiled_model(model: Path | bytes, *, precision: InferencePrecision, threads: int, where: str) -> Any:
    """An exported file, compiled for the CPU; it computes in no other precision than asked.

    Left to itself OpenVINO takes bf16 on processors that have it, and where it lacks a precision it takes another one
    and says nothing. Whole numbers of a quantized file stay whole in every precision.

    Args:
        model: the file, or what it holds.
        precision: of numbers that are no whole ones.
        threads: threads of one inference; they are not pinned to cores, so that images can be decoded beside them.
        where: names the model in errors.

    Raises:
        InputError: YZ602 OpenVINO cannot load it.
        UsageError: YZ647 OpenVINO is not installed, YZ648 this processor does not compute in ``precision``.
    """
    core, asked = openvino().Core(), PRECISIONS[precision]
    options = {
        _HINT: asked,
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "ENABLE_CPU_PINNING": False,
    }
    try:
        compiled = core.compile_model(core.read_model(model), "CPU", options)
    except RuntimeError as error:
        raise _unloadable(where, error) from error
    used = precision_of(compiled)
    if used != precision:
        raise UsageError.one(
            "YZ648",
            where=f"inference_precision: {precision}",
            problem=f"OpenVINO {openvino().__version__} would compute in {used} on this processor",
            fix=f"set inference_precision: {used} or fp32, or predict on a processor that has {precision}",
        )
    return compiled


def precision_of(compiled: Any) -> str:
    """The precision that a compiled model computes in, as itself tells; in a contract's words where there are any."""
    name: str = compiled.get_property(_HINT).to_string()
    return next((ours for ours, theirs in PRECISIONS.items() if theirs == name), name)


def run_compiled(request: Any, inputs: Mapping[str, NDArray[Any]], *, where: str) -> Any:
    """What an infer request gives, by output.

    Raises:
        InputError: YZ632 OpenVINO fails while it computes; ``where`` names the model.
    """
    try:
        return request.infer(dict(inputs), share_inputs=True)
    except RuntimeError as error:
        raise InputError.one(
            "YZ632",
            where=where,
            problem=f"OpenVINO fails while it computes: {_told(error)}",
            fix="export the model again from its checkpoint; where memory is short, use a smaller batch_size",
        ) from error


def _unloadable(where: str, error: RuntimeError) -> YolozuError:
    return InputError.one(
        "YZ602",
        where=where,
        problem=f"OpenVINO cannot load it: {_told(error)}",
        fix="check the path, or export the model again from its checkpoint",
    )


def _told(error: RuntimeError) -> str:
    """The last line: those before it say where in OpenVINO's own source it was raised."""
    return str(error).strip().splitlines()[-1]
