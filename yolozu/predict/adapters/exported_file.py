"""Predictions of an exported file in whatever runtime; everything but the file's path comes from the file itself."""

# Shapes: B images of a batch, H and W of the network input in px.

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from yolozu.artifacts.digest import digest_file
from yolozu.data.preprocess import Preprocess
from yolozu.model.exported_network import ExportedNetwork
from yolozu.predict.adapters.base import AdapterRequest, WithoutModel
from yolozu.predict.detect import DetectorRun, require_classes
from yolozu.predict.model_check import require_exported_from
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.predictions import ImagePredictions


class ExportedFileAdapter(WithoutModel, ABC):
    """An exported detector; a subclass says what runs it (`load`)."""

    uses: ClassVar[frozenset[str]]

    def __init__(self, path: Path, network: ExportedNetwork, request: AdapterRequest) -> None:
        """Use ``network``, loaded from ``path``, as its metadata says."""
        preprocess = Preprocess.from_json(network.metadata.preprocess, where=str(path))

        def on_canvases(canvases_BHW3: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
            return network(preprocess.to_network(canvases_BHW3))

        self._path = path
        self.classes = network.metadata.classes
        self.has_poses = "pred_rot6d" in network.metadata.output_shapes
        self._network = network
        any_size = network.metadata.input_sizes is not None
        self._run = DetectorRun(on_canvases, preprocess, network.metadata.classes, request, any_size=any_size)

    @classmethod
    @abstractmethod
    def load(cls, path: Path, request: AdapterRequest) -> ExportedNetwork:
        """The network in the file, in the adapter's runtime.

        Raises:
            InputError: YZ602 or YZ603 it cannot be used, YZ633 or YZ634 it is not what was exported.
            UsageError: the runtime is not there, or cannot do what is asked.
        """
        ...

    @classmethod
    def open(cls, request: AdapterRequest) -> Self:
        """Load the exported file.

        Raises:
            InputError: YZ208, YZ602 or YZ603 it cannot be used, YZ604 it comes from another checkpoint, YZ611 it is for
                other classes, YZ630 it is of another network than told.
            UsageError: the runtime is not there, or cannot do what is asked.
        """
        assert request.onnx is not None, "the registry checks the files an adapter uses"
        network = cls.load(request.onnx, request)
        if request.told is not None:
            request.told.require_onnx(request.onnx, network.metadata)
        if request.checkpoint is not None:
            require_exported_from(request.checkpoint, request.onnx, network.metadata)
        require_classes(network.metadata.classes, request.classes, where=str(request.onnx))
        return cls(request.onnx, network, request)

    def predict(self, records: Sequence[ImageRecord]) -> list[ImagePredictions]:
        """Detections of each record."""
        return self._run.predict(records)

    def describe(self) -> dict[str, Any]:
        """Digests of the file and of the checkpoint it came from, and what runs it."""
        return {
            "onnx_sha256": digest_file(self._path),
            "checkpoint_sha256": self._network.metadata.checkpoint_sha256,
            **self._network.describe(),
        }
