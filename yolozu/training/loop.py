"""Training from the first optimizer step, or from wherever an earlier try has got to, to the last."""

from __future__ import annotations

import copy
import math
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yolozu.errors import Interrupted, UsageError
from yolozu.training.keeper import About, Keeper, TrainingFiles
from yolozu.training.learner import Learner, StepReport
from yolozu.training.loading import training_windows
from yolozu.training.metrics_log import Kind, MetricsLog
from yolozu.training.pace import Pace
from yolozu.training.precision import device_named
from yolozu.training.randomness import deterministic
from yolozu.training.resume import Origin, take_up
from yolozu.training.state import METRIC, BeforeEnd, EpochSums, TrainingState, rank
from yolozu.training.validate import Validation, Validator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import torch

    from yolozu.data.collate import Batch
    from yolozu.progress import Bar, Progress
    from yolozu.training.recipe import Materials, Recipe


@dataclass(frozen=True)
class Summary:
    """How a training ended.

    Attributes:
        steps: optimizer steps done.
        epochs: epochs completed.
        best_step: optimizer steps at the best validation.
        best_score: map50_95 there; None when the held-out images have no object.
        stopped_early: whether patience ran out.
    """

    steps: int
    epochs: int
    best_step: int
    best_score: float | None
    stopped_early: bool


def fit(
    recipe: Recipe,
    materials: Materials,
    about: About,
    files: TrainingFiles,
    *,
    origin: Origin,
    progress: Progress,
    stopping: Callable[[], bool],
) -> Summary:
    """Train to the end of the recipe's length, from where ``files`` or ``origin`` have got to.

    The same recipe, materials and machine give the same files (but for timestamps and durations in the metrics), however
    often the training was stopped or killed in between.

    Args:
        recipe: how.
        materials: what.
        about: what the checkpoints say about themselves.
        files: where to write, and where an earlier try has written.
        origin: a finished training to extend.
        progress: where progress is shown.
        stopping: asked after every optimizer step and validation batch.

    Raises:
        Interrupted: YZ505, ``stopping`` said so; the state is saved.
        ContractError: YZ503, no length is given.
        UsageError: YZ501 and YZ502 for the device, YZ504 when resuming is insisted on and impossible, YZ506 when a loss
            or gradient is not finite.
    """
    device = device_named(recipe.device)
    with deterministic(device), ExitStack() as stack:
        training = _Training(recipe, materials, about, files, device, progress, stopping)
        return training.run(stack, origin)


class _Training:
    def __init__(
        self,
        recipe: Recipe,
        materials: Materials,
        about: About,
        files: TrainingFiles,
        device: torch.device,
        progress: Progress,
        stopping: Callable[[], bool],
    ) -> None:
        self.recipe, self.materials, self.about, self.files = recipe, materials, about, files
        self.device, self.progress, self.stopping = device, progress, stopping
        self.timetable = recipe.timetable(len(materials.train_index.records))
        self.learner = Learner(
            materials.detector,
            materials.loss,
            optim=recipe.optim,
            loop=recipe.loop,
            schedule=recipe.learning_rates(self.timetable.total_steps),
            preprocess=materials.preprocess,
            seed=recipe.seed,
            device=device,
        )
        self.keeper = Keeper(files, about, self.learner, self.timetable)
        self.validator = Validator(
            index=materials.val_index,
            images=materials.val_images,
            preprocess=materials.preprocess,
            loss=materials.loss,
            score=materials.score,
            score_threshold=materials.score_threshold,
            max_detections=materials.max_detections,
            batch_size=recipe.loop.batch_size,
            device=device,
            operations=recipe.operations,
        )
        self.pace = Pace(device)
        self.note = ""

    def run(self, stack: ExitStack, origin: Origin) -> Summary:
        found = take_up(
            self.files,
            self.about,
            origin,
            learner=self.learner,
            keeper=self.keeper,
            schedule_of_total=self.recipe.schedule_of_total(),
            say=self.progress.say,
        )
        self.state = TrainingState() if found is None else found
        self.train_log = stack.enter_context(MetricsLog(self.files.train_metrics, keep_rows=self.state.train_rows))
        self.val_log = stack.enter_context(MetricsLog(self.files.val_metrics, keep_rows=self.state.val_rows))
        total = self.timetable.total_steps
        self._announce()
        bar = stack.enter_context(self.progress.bar("train", total, done=self.state.step))
        windows = training_windows(
            self.materials.train_images,
            self.timetable,
            seed=self.recipe.seed,
            done_steps=self.state.step,
            operations=self.recipe.operations,
            pin=self.device.type == "cuda",
        )
        stack.callback(windows.close)
        while True:
            self._validate_if_due()
            if self.state.step == total or self.state.verdicts.stopped_early:
                return self._summary()
            if self.stopping():
                raise self._interrupted()
            self._advance(windows, bar)

    def _announce(self) -> None:
        table, step = self.timetable, self.state.step
        self.progress.say(
            f"training {table.total_steps} optimizer steps, {table.steps_per_epoch} an epoch, "
            f"{len(self.materials.train_index.records)} images, on {self.device}"
        )
        warmup = self.recipe.schedule.lr_warmup_steps
        if step == 0 and self.recipe.schedule.scheduler != "onecycle" and warmup >= table.total_steps:
            self.progress.say(
                f"warning: lr_warmup_steps {warmup} is not below the {table.total_steps} steps in all: training ends "
                "before the learning rate has risen"
            )
...
