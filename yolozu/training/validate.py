"""How good the detector is on held-out images."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Any, Protocol

import torch
from torch import nn
from torch.utils.data import Dataset

from yolozu.data.collate import Batch
from yolozu.data.detections import on_original_image
from yolozu.data.index import DataIndex
from yolozu.data.preprocess import Preprocess, normalize_images
from yolozu.model.decode import decode_detections
from yolozu.model.outputs import DetectorOutput
from yolozu.structures.predictions import ImagePredictions
from yolozu.structures.targets import Targets
from yolozu.training.batches import Loading, validation_batches
from yolozu.training.criterion import SOURCES
from yolozu.training.distributed import SINGLE_PROCESS, Group
from yolozu.training.learner import Objective

TELL_EVERY_S = 2.0


class Score(Protocol):
    """Metrics of predictions."""

    def __call__(self, index: DataIndex, predictions: list[ImagePredictions]) -> dict[str, float | None]:
        """Name -> number, among them ``map50_95``; None for what the images do not define."""
        ...


@dataclass(frozen=True)
class Validation:
    """What one validation found.

    Attributes:
        losses: ``total`` and its terms, of the predictions alone, per object over all images.
        metrics: what the scorer says.
    """

    losses: dict[str, float]
    metrics: dict[str, float | None]


@dataclass(frozen=True)
class _BatchResult:
    """Of a batch: objects (at least 1), by which its losses are normalized; losses; predictions of its images."""

    objects: int
    losses: dict[str, float]
    predictions: list[ImagePredictions]


@dataclass(frozen=True)
class Validator:
    """Validates a detector in float32, as it will be exported, whatever precision it trains in.

    Attributes:
        index: the held-out images and their objects.
        images: the same as samples, by position in the index.
        preprocess: how images become network input.
        loss: what training minimizes.
        score: the metrics.
        score_threshold: detections below it are left out.
        max_detections: most detections kept per image.
        batch_size: images per batch.
        device: where the detector is.
        loading: by which processes batches are loaded.
        processes: that share the images; the first one scores.
    """

    index: DataIndex
    images: Dataset[Any]
    preprocess: Preprocess
    loss: Objective
    score: Score
    score_threshold: float
    max_detections: int
    batch_size: int
    device: torch.device
    loading: Loading
    processes: Group = SINGLE_PROCESS

    @torch.no_grad()
    def __call__(
        self, detector: nn.Module, *, stopping: Callable[[], bool], tell: Callable[[str], None]
    ) -> Validation | None:
        """Losses and metrics of a detector.

        Args:
            detector: is left in eval mode.
            stopping: asked before every batch.
            tell: hears now and then how far it is.

        Returns:
            What was found, the same in all processes; None when ``stopping`` said so to any before the end.
        """
        told_at = time.monotonic()
        detector.eval()
        num_images = len(self.index.records)
        batches = iter(
            validation_batches(
                self.images,
                num_images=num_images,
                batch_size=self.batch_size,
                loading=self.loading,
                processes=self.processes,
            )
        )
        own: list[_BatchResult] = []
        for round_ in range(math.ceil(math.ceil(num_images / self.batch_size) / self.processes.size)):
            if self.processes.any(stopping()):
                return None
            own += [self._evaluate(batch, detector) for batch in islice(batches, 1)]  # the last round may be short
            if time.monotonic() - told_at > TELL_EVERY_S:
                told_at = time.monotonic()
                tell(f"validating {min(num_images, (round_ + 1) * self.processes.size * self.batch_size)}/{num_images}")
        gathered = self.processes.to_first(own)
        return self.processes.from_first(None if gathered is None else self._summed(gathered))  # type: ignore[no-any-return]

    def _evaluate(self, batch: Batch, detector: nn.Module) -> _BatchResult:
        targets = batch.targets.to(self.device)
        pixels_B3HW = batch.images_B3HW.to(self.device, non_blocking=True)
        output = detector(normalize_images(pixels_B3HW, self.preprocess))
        losses = self._losses(output, targets)
        return _BatchResult(max(1, sum(targets.counts)), losses, self._predictions(batch, output))

    def _summed(self, gathered: list[list[_BatchResult]]) -> Validation:
        """Batches added up in their order, in which processes took turns."""
        results = [result for turn in zip_longest(*gathered) for result in turn if result is not None]
        sums: dict[str, float] = {}
        for result in results:
            for name, value in result.losses.items():
                sums[name] = sums.get(name, 0.0) + value * result.objects
        objects = sum(result.objects for result in results)
        losses = {name: value / objects for name, value in sums.items()}
        return Validation(losses, self.score(self.index, [found for result in results for found in result.predictions]))

    def _losses(self, output: DetectorOutput, targets: Targets) -> dict[str, float]:
        """The loss of the predictions alone, by term."""
        total, parts = self.loss.of_predictions(output, targets)
        terms = {name: value for name, value in parts.items() if name not in SOURCES}
        return {name: float(value) for name, value in {"total": total, **terms}.items()}

    def _predictions(self, batch: Batch, output: DetectorOutput) -> list[ImagePredictions]:
        found = decode_detections(
            {name: values.float().cpu().numpy() for name, values in output.named().items()},
            score_threshold=self.score_threshold,
            max_detections=self.max_detections,
        )
        return [
            on_original_image(self.index.records[image], placement, self.index.classes, raw)
            for image, placement, raw in zip(batch.indices, batch.placements, found, strict=True)
        ]
