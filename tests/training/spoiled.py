"""Losses that are not finite where a test wants it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from yolozu.training.batches import training_windows

if TYPE_CHECKING:
    from torch import Tensor

    from tests.training.tiny import Tiny
    from yolozu.structures.targets import Targets
    from yolozu.training.config import Materials, TrainingConfig


@dataclass
class SpoiledLoss:
    """NaN for the batches whose boxes add up to one of ``bad``; what a batch is does not depend on when it is asked."""

    inner: Any
    bad: frozenset[float]

    def __call__(self, output: Any, targets: Targets, step: int | None = None) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss."""
        total, terms = self.inner(output, targets, step)
        return (total * math.nan if float(targets.boxes_BT4.sum()) in self.bad else total), terms

    def of_predictions(self, output: Any, targets: Targets) -> tuple[Tensor, dict[str, Tensor]]:
        """Never spoiled."""
        total, terms = self.inner.of_predictions(output, targets)
        return total, terms


def spoiled(tiny: Tiny, chosen: TrainingConfig, steps: set[int]) -> Materials:
    """Materials of which the first batch of these optimizer steps, from 1, has no finite loss."""
    materials = tiny.materials(chosen)
    timetable = chosen.timetable(len(tiny.train.records))
    windows = training_windows(
        materials.train_images, timetable, seed=chosen.seed, done_steps=0, loading=chosen.loading
    )
    bad = {float(window[0].targets.boxes_BT4.sum()) for step, window in enumerate(windows, start=1) if step in steps}
    return replace(materials, loss=SpoiledLoss(materials.loss, frozenset(bad)))
