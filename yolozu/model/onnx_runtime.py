"""ONNX Runtime, silenced and started on the device that was asked for: the one place that imports it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from yolozu.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from yolozu.errors import YolozuError

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
"""Kind of device -> the execution provider that runs on it."""

SILENCED = "ORT_DISABLE_TELEMETRY"
"""Variable that keeps ONNX Runtime from writing a device id below the home directory and from sending events."""

QUIET = 3
"""ONNX Runtime's severity from which it writes to stderr: errors, not the warnings its own optimizer gives."""


def silence() -> None:
    """Let ONNX Runtime, whoever imports it from now on, tell nobody that it runs; whatever the environment said."""
    os.environ[SILENCED] = "1"


def onnx_runtime() -> Any:
    """The module ``onnxruntime``, silenced: before it starts, and for what only a call turns off (on Windows)."""
    silence()
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime


def qdq_quantizer() -> Any:
    """The modules of ``onnxruntime.quantization`` that write quantize and dequantize nodes: (quantizer, calibration).

    They are imported without the rest of the package, of which half a second of other quantizers would come along.
    """
    onnx_runtime()
    from onnxruntime.quantization import calibrate, qdq_quantizer, quant_utils

    return qdq_quantizer, calibrate, quant_utils


def providers_for(device: str) -> list[Any]:
    """Execution providers for ``device``; what a CUDA device cannot run goes to the CPU.

    Args:
        device: ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        UsageError: YZ615 the installed ONNX Runtime is not built for such devices.
    """
    kind, _, number = device.partition(":")
    provider, runtime = PROVIDERS[kind], onnx_runtime()
    if provider not in runtime.get_available_providers():
        raise UsageError.one(
            "YZ615",
            where=f"device: {device}",
            problem=f"the installed ONNX Runtime {runtime.__version__} has no {provider}",
            fix="install onnxruntime-gpu, or predict with adapter: rtdetr_pose or device: cpu",
        )
    if kind == "cpu":
        return [provider]
    return [(provider, {"device_id": int(number) if number else 0}), PROVIDERS["cpu"]]


def session_of(model: Path | bytes, *, device: str, threads: int, where: str) -> Any:
    """An ONNX Runtime session over a file or the bytes of one, on the device.

    Threads do not spin while idle, so that images can be decoded beside it.

    Args:
        model: the file, or what it holds.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        threads: threads inside one operator.
        where: names the model in errors.

    Raises:
        InputError: YZ602 ONNX Runtime cannot load it.
        UsageError: YZ615 ONNX Runtime cannot use the device: it is not built for it, or its libraries or the device
            are missing, where it would silently compute on the CPU.
    """
    providers, runtime = providers_for(device), onnx_runtime()
    options = runtime.SessionOptions()
    options.log_severity_level = QUIET
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    source = model if isinstance(model, bytes) else str(model)
    try:
        session = runtime.InferenceSession(source, options, providers=providers, enable_fallback=0)
    except _failures(runtime) as error:
        if device != "cpu":
            session_of(model, device="cpu", threads=threads, where=where)  # raises where the model is at fault
            raise _not_started(device, _first_line(error)) from error
        missing = isinstance(error, runtime.capi.onnxruntime_pybind11_state.NoSuchFile)
        raise _unloadable(where, error, missing=missing) from error
    if PROVIDERS[device.partition(":")[0]] not in session.get_providers():
        raise _not_started(device, "its libraries (CUDA, cuDNN) or the device are missing")
    return session


def run_session(session: Any, outputs: Sequence[str], inputs: Mapping[str, NDArray[Any]], *, where: str) -> list[Any]:
    """The named outputs of a session.

    Raises:
        InputError: YZ632 ONNX Runtime fails while it computes; ``where`` names the model.
    """
    try:
        return list(session.run(list(outputs), dict(inputs)))
    except _failures(onnx_runtime()) as error:
        raise InputError.one(
            "YZ632",
            where=where,
            problem=f"ONNX Runtime fails while it computes: {_first_line(error)}",
            fix="export the model again from its checkpoint; where memory is short, use a smaller batch_size",
        ) from error


def _failures(runtime: Any) -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises; the classes have no base of their own."""
    kinds = runtime.capi.onnxruntime_pybind11_state
    return (
        kinds.EPFail,
        kinds.Fail,
        kinds.InvalidArgument,
        kinds.InvalidGraph,
        kinds.InvalidProtobuf,
        kinds.NoSuchFile,
        kinds.NotImplemented,
        kinds.RuntimeException,
    )


def _not_started(device: str, reason: str) -> YolozuError:
    """What a package was built with says nothing of this machine: ONNX Runtime would compute on the CPU."""
    return UsageError.one(
        "YZ615",
        where=f"device: {device}",
        problem=f"ONNX Runtime {onnx_runtime().__version__} is built for it and cannot start it here: {reason}",
        fix="install the CUDA and cuDNN it was built for, or predict with adapter: rtdetr_pose or device: cpu",
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def _unloadable(where: str, error: Exception, *, missing: bool) -> YolozuError:
    problem = "no such file" if missing else f"ONNX Runtime cannot load it: {_first_line(error)}"
    fix = "check the path, or export the model again from its checkpoint"
    return InputError.one("YZ602", where=where, problem=problem, fix=fix)
