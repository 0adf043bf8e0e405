"""Predictions of an exported file in OpenVINO."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from yolozu.model.openvino_network import OpenVinoNetwork
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.adapters.exported_file import ExportedFileAdapter
from yolozu.system import compute_threads


class OpenVinoAdapter(ExportedFileAdapter):
    """An exported detector in OpenVINO, on the CPU."""

    name: ClassVar[str] = "openvino"
    uses: ClassVar[frozenset[str]] = frozenset(
        {"onnx", "batch_size", "inference_precision", "intrinsics", "transform", "views"}
    )

    @classmethod
    def load(cls, path: Path, request: AdapterRequest) -> OpenVinoNetwork:
        """The network in the request's precision.

        Raises:
            InputError: YZ602 or YZ603 the file cannot be used, YZ633 or YZ634 it is not what was exported.
            UsageError: YZ647 OpenVINO is not installed, YZ648 the processor cannot compute in that precision.
        """
        return OpenVinoNetwork(path, precision=request.inference_precision, threads=compute_threads())
