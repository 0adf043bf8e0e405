"""What a training is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yolozu.optim.schedules import Schedule
from yolozu.training.timetable import Timetable

if TYPE_CHECKING:
    from torch import nn
    from torch.utils.data import Dataset

    from yolozu.contract.sections.optim import LengthSection, OptimSection, ScheduleSection
    from yolozu.contract.sections.train import LoopSection, OperationsSection
    from yolozu.data.dataset import TrainingImages
    from yolozu.data.index import DataIndex
    from yolozu.data.preprocess import Preprocess
    from yolozu.training.learner import Loss
    from yolozu.training.validate import Score


@dataclass(frozen=True)
class TrainingConfig:
    """How to train: the sections of the contract that the loop itself reads.

    Attributes:
        seed: of order, dropout and denoising.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        optim: how parameters move.
        schedule: how the learning rate moves.
        length: how long.
        loop: batches, precision, averaging, validation.
        operations: workers and cadences; without influence on what is learned.
    """

    seed: int
    device: str
    optim: OptimSection
    schedule: ScheduleSection
    length: LengthSection
    loop: LoopSection
    operations: OperationsSection

    def timetable(self, num_images: int) -> Timetable:
        """When what happens, with so many training images.

        Raises:
            ContractError: YZ503, the length is not given.
        """
        return Timetable(
            num_images=num_images,
            batch_size=self.loop.batch_size,
            accumulation=self.optim.gradient_accumulation_steps,
            max_steps=self.length.max_steps,
            epochs=self.length.epochs,
            val_every=self.loop.val_every,
            val_every_steps=self.loop.val_every_steps,
        )

    def learning_rates(self, total_steps: int) -> Schedule:
        """The learning rate of every optimizer step."""
        return Schedule(
            name=self.schedule.scheduler,
            lr=self.optim.lr,
            total_steps=total_steps,
            min_lr=self.schedule.min_lr,
            milestones=self.schedule.scheduler_milestones,
            gamma=self.schedule.scheduler_gamma,
            warmup_steps=self.schedule.lr_warmup_steps,
            warmup_init=self.schedule.lr_warmup_init,
        )


@dataclass(frozen=True)
class Materials:
    """What is trained on what.

    Attributes:
        detector: with its first weights.
        loss: what is minimized.
        preprocess: how images become network input.
        train_index: training images, at least one.
        train_images: the same as samples, by the keys of the order.
        val_index: held-out images, at least one.
        val_images: the same as samples, by position in the index.
        score: metrics of predictions on the held-out images.
        score_threshold: predictions below it are left out when validating.
        max_detections: most predictions per image when validating.
        mim_weight: factor on the loss of the detector's reconstruction head; 0 where it has none.
        origin_lines: where the first weights come from, to be said when they are used.
    """

    detector: nn.Module
    loss: Loss
    preprocess: Preprocess
    train_index: DataIndex
    train_images: TrainingImages
    val_index: DataIndex
    val_images: Dataset[Any]
    score: Score
    score_threshold: float
    max_detections: int
    mim_weight: float = 0.0
    origin_lines: tuple[str, ...] = ()
