"""Predictions of an exported file in ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from yolozu.model.onnx_network import OnnxNetwork
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.adapters.exported_file import ExportedFileAdapter
from yolozu.system import compute_threads


class OnnxRuntimeAdapter(ExportedFileAdapter):
    """An exported detector in ONNX Runtime."""

    name: ClassVar[str] = "onnxruntime"
    uses: ClassVar[frozenset[str]] = frozenset({"onnx", "device", "batch_size", "intrinsics", "transform", "views"})

    @classmethod
    def load(cls, path: Path, request: AdapterRequest) -> OnnxNetwork:
        """The network on the request's device.

        Raises:
            InputError: YZ602 or YZ603 the file cannot be used, YZ633 or YZ634 it is not what was exported.
            UsageError: YZ615 ONNX Runtime cannot use the device.
        """
        return OnnxNetwork(path, device=request.device, threads=compute_threads())
