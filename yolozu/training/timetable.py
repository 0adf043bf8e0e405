"""When what happens in a training, counted in optimizer steps: a pure function of a few numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from yolozu.errors import ContractError


@dataclass(frozen=True)
class Timetable:
    """Epochs, windows and validations of a training.

    A window is the batches that make one optimizer step; it never reaches over an epoch's end, so an epoch's last
    window (and its last batch) may be short. The position after ``step`` optimizer steps follows from ``step`` alone.

    Attributes:
        num_images: training images, at least 1.
        batch_size: images per batch, replayed ones among them.
        accumulation: batches per window.
        max_steps: limit in optimizer steps, or None.
        epochs: limit in epochs, or None.
        val_every: epochs between validations.
        val_every_steps: optimizer steps between further validations, or None.
        replayed_per_batch: images of every batch that come from a replay buffer; epochs are passes over the others.
    """

    num_images: int
    batch_size: int
    accumulation: int
    max_steps: int | None
    epochs: int | None
    val_every: int
    val_every_steps: int | None
    replayed_per_batch: int = 0

    def __post_init__(self) -> None:
        if self.max_steps is None and self.epochs is None:
            raise ContractError.one(
                "YZ503",
                where="max_steps, epochs",
                problem="neither is given, so training would never end",
                fix="set max_steps (optimizer steps) or epochs; with both, the smaller wins",
            )

    @property
    def batches_per_epoch(self) -> int:
        """Batches of one pass over the images."""
        return math.ceil(self.num_images / (self.batch_size - self.replayed_per_batch))

    @property
    def steps_per_epoch(self) -> int:
        """Windows of one pass over the images."""
        return math.ceil(self.batches_per_epoch / self.accumulation)

    @property
    def total_steps(self) -> int:
        """Optimizer steps in all: the smaller of the two limits."""
        of_epochs = None if self.epochs is None else self.epochs * self.steps_per_epoch
        return min(limit for limit in (self.max_steps, of_epochs) if limit is not None)

    def epochs_done(self, step: int) -> int:
        """Epochs completed after ``step`` optimizer steps."""
        return step // self.steps_per_epoch

    def epoch_of(self, step: int) -> int:
        """Number, from 1, of the epoch that the ``step``-th optimizer step (from 1) belongs to."""
        return math.ceil(step / self.steps_per_epoch)

    def ends_epoch(self, step: int) -> bool:
        """Whether the ``step``-th optimizer step is the last of an epoch."""
        return step > 0 and step % self.steps_per_epoch == 0

    def batches_in_epoch(self, step: int) -> int:
        """Batches of the running epoch that lie behind us after ``step`` optimizer steps."""
        return step % self.steps_per_epoch * self.accumulation

    def batches_done(self, step: int) -> int:
        """Batches in all after ``step`` optimizer steps."""
        return self.epochs_done(step) * self.batches_per_epoch + self.batches_in_epoch(step)

    def window_size(self, step: int) -> int:
        """Batches that make the step after ``step`` optimizer steps."""
        return min(self.accumulation, self.batches_per_epoch - self.batches_in_epoch(step))

    def validation(self, step: int) -> Literal["val_epoch", "val_step"] | None:
        """The validation that is due after ``step`` optimizer steps in a training of any length."""
        if self.ends_epoch(step) and self.epochs_done(step) % self.val_every == 0:
            return "val_epoch"
        if self.val_every_steps is not None and step > 0 and step % self.val_every_steps == 0:
            return "val_step"
        return None

    def closing_validation(self, step: int) -> Literal["val_epoch", "val_step"]:
        """What the validation at the very end, after ``step`` optimizer steps, is called where it is no regular one."""
        return "val_epoch" if self.ends_epoch(step) else "val_step"


def replayed_per_batch(share: float, batch_size: int) -> int:
    """Images of a batch that ``share`` of it are: rounded, but at least one of either kind where there is any."""
    return min(max(1, int(share * batch_size + 0.5)), batch_size - 1) if share > 0.0 else 0
