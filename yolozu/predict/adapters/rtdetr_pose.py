"""Predictions of a checkpoint, run by torch."""

# Shapes: B images of a batch, H and W of the network input in px.

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray

from yolozu.artifacts.checkpoint import Checkpoint, read_checkpoint
from yolozu.artifacts.digest import digest_file
from yolozu.data.preprocess import Preprocess, normalize_images
from yolozu.data.transform import ImageTransform
from yolozu.model.detector import Detector
from yolozu.model.device import device_named
from yolozu.model.loading import detector_from
from yolozu.model.lora import merge_lora
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.batches import image_batches
from yolozu.predict.detect import DetectorRun, require_classes
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.predictions import ImagePredictions
from yolozu.system import available_cores


class RtdetrPoseAdapter:
    """A detector with a checkpoint's evaluation weights.

    Adapters that it has are merged before it first predicts, as in an exported file, unless somebody has asked for the
    network before: whoever adapts it may mean them.
    """

    uses: ClassVar[frozenset[str]] = frozenset(
        {"checkpoint", "device", "batch_size", "intrinsics", "transform", "views"}
    )

    def __init__(self, path: Path, checkpoint: Checkpoint, request: AdapterRequest) -> None:
        """Use ``checkpoint``, read from ``path``, on the request's device."""
        self._path = path
        self.classes = checkpoint.classes
        self._device = device_named(request.device)
        self._detector = detector_from(checkpoint).to(self._device)
        self._merges = True
        self.has_poses = self._detector.k_head is not None
        self._preprocess = Preprocess.from_json(checkpoint.preprocess, where=str(path))
        self._run = DetectorRun(self._on_canvases, self._preprocess, checkpoint.classes, request, any_size=True)

    @classmethod
    def open(cls, request: AdapterRequest) -> Self:
        """Read the checkpoint.

        Raises:
            InputError: the checkpoint cannot be used, YZ611 is for other classes, or YZ630 is of another network than
                told.
            UsageError: YZ501 there is no such device.
        """
        assert request.checkpoint is not None, "the registry checks the files an adapter uses"
        checkpoint = read_checkpoint(request.checkpoint)
        if request.told is not None:
            request.told.require_checkpoint(request.checkpoint, checkpoint)
        require_classes(checkpoint.classes, request.classes, where=str(request.checkpoint))
        return cls(request.checkpoint, checkpoint, request)

    def predict(self, records: Sequence[ImageRecord]) -> list[ImagePredictions]:
        """Detections of each record."""
        if self._merges:
            merge_lora(self._detector)
            self._merges = False
        self._detector.eval()
        return self._run.predict(records)

    def supports_ttt(self) -> bool:
        """True: the weights can be changed."""
        return True

    def get_model(self) -> Detector:
        """The detector that `predict` runs; with its adapters beside it from now on, if they are not merged yet."""
        self._merges = False
        return self._detector

    def build_loader(self, records: Sequence[ImageRecord], batch_size: int) -> NetworkInputs:
        """Network inputs of the records, in their order."""
        return NetworkInputs(records, self._preprocess, batch_size, self._device, self._run.request.transform)

    def describe(self) -> dict[str, Any]:
        """Digest of the checkpoint, and what runs it."""
        return {"checkpoint_sha256": digest_file(self._path), "torch": torch.__version__, "device": str(self._device)}

    def _on_canvases(self, canvases_BHW3: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        images = network_input(canvases_BHW3, self._preprocess, self._device)
        with torch.inference_mode():
            outputs = self._detector(images).named()
        return {name: values.float().cpu().numpy() for name, values in outputs.items()}


class NetworkInputs:
    """Preprocessed batches of some images; every iteration reads them anew."""

    def __init__(
        self,
        records: Sequence[ImageRecord],
        preprocess: Preprocess,
        batch_size: int,
        device: torch.device,
        transform: ImageTransform | None,
    ) -> None:
        self._records = records
        self._preprocess = preprocess
        self._batch_size = batch_size
        self._device = device
        self._transform = transform

    def __iter__(self) -> Iterator[torch.Tensor]:
        """(B, 3, H, W) float32 on the device."""
        batches = image_batches(
            self._records,
            self._preprocess,
            batch_size=self._batch_size,
            threads=available_cores(),
            transform=self._transform,
        )
        for batch in batches:
            yield network_input(batch.own.pixels_BHW3, self._preprocess, self._device)

    def __len__(self) -> int:
        """Number of batches."""
        return math.ceil(len(self._records) / self._batch_size)


def network_input(canvases_BHW3: NDArray[np.uint8], preprocess: Preprocess, device: torch.device) -> torch.Tensor:
    """(B, 3, H, W) float32 on ``device``; the images travel there as bytes."""
    return normalize_images(torch.from_numpy(canvases_BHW3).permute(0, 3, 1, 2).to(device), preprocess)
