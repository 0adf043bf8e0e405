"""An exported detector as a function of arrays, run by ONNX Runtime; torch is not needed."""

# Shapes: B images of the batch, Q queries, C classes, H and W of the network input in px.

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.onnx_metadata import INPUT_NAME, OnnxMetadata
from yolozu.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from yolozu.errors import YolozuError

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
QUIET = 3
"""ONNX Runtime's severity from which it writes to stderr: errors, not the warnings its own optimizer gives."""


class OnnxNetwork:
    """The network in an exported file.

    Attributes:
        metadata: what the file says about itself.
        providers: execution providers in use, the first one preferred.
        version: of ONNX Runtime.
    """

    def __init__(self, path: Path, *, providers: Sequence[str], threads: int) -> None:
        """Load the file.

        Args:
            path: exported ONNX file.
            providers: execution providers in order of preference; all of them must be available.
            threads: threads inside one operator.

        Raises:
            InputError: YZ602 it cannot be loaded, YZ603 it is not one of ours, or not what its metadata says.
        """
        import onnxruntime

        self._session = session_of(path, providers=providers, threads=threads, where=str(path))
        properties = self._session.get_modelmeta().custom_metadata_map
        self.metadata = OnnxMetadata.from_properties(properties, where=str(path))
        _require_declared_shapes(self._session, self.metadata, where=str(path))
        self.providers: list[str] = self._session.get_providers()
        self.version: str = onnxruntime.__version__

    def __call__(self, images_B3HW: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Raw outputs of a batch by name.

        Args:
            images_B3HW: (B, 3, H, W) float32, preprocessed as the metadata says; B is free.

        Returns:
            ``pred_logits`` (B, Q, C), ``pred_boxes`` (B, Q, 4), and those of pose heads where the file has any; what
            they mean is in `yolozu.artifacts.onnx_metadata.OUTPUTS`.
        """
        names = list(self.metadata.output_shapes)
        return dict(zip(names, self._session.run(names, {INPUT_NAME: images_B3HW}), strict=True))


def session_of(model: Path | bytes, *, providers: Sequence[str], threads: int, where: str) -> Any:
    """An ONNX Runtime session over a file or the bytes of one.

    Threads do not spin while idle, so that images can be decoded beside it.

    Raises:
        InputError: YZ602 when ONNX Runtime cannot load it; ``where`` names it.
    """
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as failures

    options = onnxruntime.SessionOptions()
    options.log_severity_level = QUIET
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    source = model if isinstance(model, bytes) else str(model)
    try:
        return onnxruntime.InferenceSession(source, options, providers=list(providers))
    except failures.NoSuchFile as error:
        raise _unloadable(where, "no such file") from error
    except (
        failures.Fail,
        failures.InvalidArgument,
        failures.InvalidGraph,
        failures.InvalidProtobuf,
        failures.NotImplemented,
        failures.RuntimeException,
    ) as error:
        raise _unloadable(where, f"ONNX Runtime cannot load it: {_first_line(error)}") from error


def available_threads() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _require_declared_shapes(session: Any, metadata: OnnxMetadata, *, where: str) -> None:
    """Refuse a graph whose inputs or outputs are not those its metadata tells."""
    graph = {
        "inputs": {entry.name: tuple(entry.shape) for entry in session.get_inputs()},
        "outputs": {entry.name: tuple(entry.shape) for entry in session.get_outputs()},
    }
    for kind, told in (("inputs", metadata.input_shapes), ("outputs", metadata.output_shapes)):
        if graph[kind] != told:
            raise InputError.one(
                "YZ603",
                where=where,
                problem=f"its metadata tells of {kind} {told}, its graph has {graph[kind]}",
                fix="export the model again from its checkpoint with this version of yolozu",
            )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def _unloadable(where: str, problem: str) -> YolozuError:
    fix = "check the path, or export the model again from its checkpoint"
    return InputError.one("YZ602", where=where, problem=problem, fix=fix)
