"""What a training is made of; here the contract's sections become numbers and objects."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self, TypeVar

from yolozu.continual.base import RegularizerSettings
from yolozu.contract.base import Section
from yolozu.contract.sections.continual import ContinualSection
from yolozu.contract.sections.lora import LoraSection
from yolozu.contract.sections.losses import LossSection
from yolozu.contract.sections.matching import MatchingSection
from yolozu.contract.sections.operations import OperationsSection
from yolozu.contract.sections.optim import LengthSection, OptimSection, ScheduleSection
from yolozu.contract.sections.train import LoopSection
from yolozu.contract.sections.trained_model import NO_ADAPTERS
from yolozu.losses.registry import LOSSES
from yolozu.matching.hungarian import Matcher
from yolozu.model.device import device_named
from yolozu.model.winograd import train_by_winograd
from yolozu.optim.ema import MovingAverage
from yolozu.optim.groups import GroupRules, parameter_groups
from yolozu.optim.optimizers import build_optimizer
from yolozu.optim.schedules import Schedule
from yolozu.training.batches import Loading
from yolozu.training.compilation import CompiledEncoding
from yolozu.training.criterion import Criterion
from yolozu.training.distributed import SINGLE_PROCESS, Group
from yolozu.training.learner import AddedTerm, Learner, Objective
from yolozu.training.phases import Phases
from yolozu.training.precision import Precision
from yolozu.training.pseudo_labels import PseudoLabeling
from yolozu.training.reconstruction import Reconstruction
from yolozu.training.regularization import Regularization
from yolozu.training.self_distillation import SelfDistillation
from yolozu.training.state import METRIC
from yolozu.training.stored_term import StoredOutputsTerm
from yolozu.training.teacher import Teacher, Teaching
from yolozu.training.timetable import Timetable
from yolozu.training.trainable import freeze_base

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import nn
    from torch.utils.data import Dataset

    from yolozu.data.dataset import TrainingImages
    from yolozu.data.index import DataIndex
    from yolozu.data.preprocess import Preprocess
    from yolozu.geometry.rotations import SymmetryTable
    from yolozu.training.learner import AddedTerm
    from yolozu.training.validate import Score

AnySection = TypeVar("AnySection", bound=Section)


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
        lora: adapters, and what trains beside them.
    """

    seed: int
    device: str
    optim: OptimSection
    schedule: ScheduleSection
    length: LengthSection
    loop: LoopSection
    operations: OperationsSection
    lora: LoraSection = NO_ADAPTERS

    @classmethod
    def of_spec(cls, spec: Mapping[str, Any], *, seed: int, device: str) -> Self:
        """The config of a training whose spec is known as JSON values.

        Raises:
            KeyError: a section is not there.
            ValidationError: a section is of another version.
        """
        return cls(
            seed=seed,
            device=device,
            loop=_section(spec, "loop", LoopSection),
            optim=_section(spec, "optim", OptimSection),
            schedule=_section(spec, "schedule", ScheduleSection),
            length=_section(spec, "length", LengthSection),
            operations=OperationsSection(),
            lora=_section(spec, "lora", LoraSection) if "lora" in spec else NO_ADAPTERS,  # older ones lack it
        )

    @property
    def freezes_base(self) -> bool:
        """Whether adapters train, and what they are beside does not."""
        return self.lora.lora_r > 0 and self.lora.lora_freeze_base

    @property
    def loading(self) -> Loading:
        """By which processes batches are loaded."""
        operations = self.operations
        return Loading(operations.num_workers, operations.prefetch_factor, pin=self.device != "cpu")

    def timetable(self, num_images: int, replayed_per_batch: int = 0) -> Timetable:
        """When what happens, with so many training images, and so many of a batch from a replay buffer.

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
            replayed_per_batch=replayed_per_batch,
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
        train_index: training images, at least one, without replayed ones.
        train_images: the same and replayed ones as samples, by the keys of the order.
        val_index: held-out images, at least one.
        val_images: the same as samples, by position in the index.
        score: metrics of predictions on the held-out images.
        score_threshold: predictions below it are left out when validating.
        max_detections: most predictions per image when validating.
        mim_weight: factor on the loss of the detector's reconstruction head; 0 where it has none.
        derpp_weight: factor on the loss of stored outputs; 0 where images have none.
        replayed_per_batch: images of every batch that come from a replay buffer.
        origin_lines: where the first weights come from, to be said when they are used.
        best_metric: what validations are ranked by; see `TrainingState`.
        from_seed: whether the first weights are the seed's, and no file's.
        teaching: who teaches, and what; None without a teacher.
        regularization: what holds weights that mattered to earlier tasks.
    """

    detector: nn.Module
    loss: Objective
    preprocess: Preprocess
    train_index: DataIndex
    train_images: TrainingImages
    val_index: DataIndex
    val_images: Dataset[Any]
    score: Score
    score_threshold: float
    max_detections: int
    mim_weight: float = 0.0
    derpp_weight: float = 0.0
    replayed_per_batch: int = 0
    origin_lines: tuple[str, ...] = ()
    best_metric: str = METRIC
    from_seed: bool = True
    teaching: Teaching | None = None
    regularization: Regularization = field(default_factory=Regularization)


def build_learner(
    config: TrainingConfig,
    detector: nn.Module,
    loss: Objective,
    *,
    preprocess: Preprocess,
    total_steps: int,
    mim_weight: float = 0.0,
    teaching: Teaching | None = None,
    regularization: Regularization | None = None,
    derpp_weight: float = 0.0,
    processes: Group = SINGLE_PROCESS,
) -> Learner:
    """A learner as the contract describes it.

    Args:
        config: how to train.
        detector: is moved to the device.
        loss: what is minimized.
        preprocess: how images become network input.
        total_steps: of the training.
        mim_weight: factor on the loss of the detector's reconstruction head; 0 where it has none.
        teaching: who teaches, and what; None without a teacher.
        regularization: what holds weights; None for nothing.
        derpp_weight: factor on the loss of stored outputs; 0 where images have none.
        processes: that train together.

    Raises:
        UsageError: YZ501 and YZ502, this machine lacks the device, or the device the precision.
    """
    device, loop, optim = device_named(config.device), config.loop, config.optim
    precision, detector = Precision(loop.amp, device), detector.to(device)
    if config.freezes_base:
        freeze_base(detector, biases=config.lora.lora_train_bias)
    average = MovingAverage(detector, decay=loop.ema_decay) if loop.use_ema else None
    if loop.winograd:
        train_by_winograd(detector)
    groups = parameter_groups(detector, _group_rules(optim))
    added_terms: list[AddedTerm] = []
    if mim_weight > 0.0:
        added_terms.append(Reconstruction(detector, weight=mim_weight, seed=config.seed))
    if derpp_weight > 0.0:
        added_terms.append(StoredOutputsTerm(weight=derpp_weight))
    moving = {name: parameter for group in groups for name, parameter in group.parameters.items()}
    pseudo_labeling = None
    if teaching is not None:
        teacher = Teacher(teaching.detector, device)
        if teaching.weight > 0.0:
            added_terms.append(SelfDistillation(teacher, teaching))
        if teaching.pseudo_labels != "none":
            pseudo_labeling = PseudoLabeling(teacher, teaching, preprocess, device)
    optimizer = build_optimizer(groups, name=optim.optimizer, momentum=optim.momentum, nesterov=optim.nesterov)
    return Learner(
        detector,
        loss,
        groups=groups,
        optimizer=optimizer,
        schedule=config.learning_rates(total_steps),
        max_norm=optim.clip_grad_norm,
        precision=precision,
        phases=Phases(loop.stage_off_steps, loop.stage_k_steps),
        average=average,
        eval_weights="ema" if loop.ema_eval else "model",
        compiled=CompiledEncoding(detector) if loop.torch_compile else None,
        added_terms=added_terms,
        pseudo_labeling=pseudo_labeling,
        preprocess=preprocess,
        seed=config.seed,
        device=device,
        keeps_statistics=config.freezes_base,
        regularizers=None if regularization is None else regularization.over(moving),
        processes=processes,
    )


def regularization_of(section: ContinualSection, leaves: Mapping[str, Path]) -> Regularization:
    """The regularizers that the contract describes, which hold nothing yet.

    Args:
        section: the contract's.
        leaves: regularizer -> the file that it leaves.
    """
    settings = {}
    if section.ewc:
        settings["ewc"] = RegularizerSettings(section.ewc_lambda)
    if section.si:
        settings["si"] = RegularizerSettings(section.si_c, section.si_epsilon)
    own = {name: leaves[name] for name in settings}
    return Regularization(settings, own, section.ewc_samples, section.continual_from)


def _group_rules(optim: OptimSection) -> GroupRules:
    return GroupRules(**{field.name: getattr(optim, field.name) for field in fields(GroupRules)})


def build_criterion(
    matching: MatchingSection, losses: LossSection, symmetries: SymmetryTable | None = None
) -> Criterion:
    """The criterion that the contract describes.

    Args:
        matching: costs.
        losses: weights.
        symmetries: of the classes; None where data or detector have no poses, so that neither costs nor losses of them
            count.
    """
    names = ("class", "bbox", "giou", *(() if symmetries is None else ("z", "rot", "t")))
    costs = {name: getattr(matching, f"cost_{name}") for name in names}
    starts = {name: getattr(matching, f"cost_{name}_start_step") for name in ("z", "rot", "t")}
    return Criterion(
        matcher=Matcher(costs, starts) if matching.use_matcher else None,
        loss_weights={name: weight for name, weight in losses.loss_weights.model_dump().items() if name in LOSSES},
        symmetries=symmetries,
        expects_errors=losses.task_aligner == "uncertainty",
    )


def criterion_of_spec(spec: Mapping[str, Any], symmetries: SymmetryTable | None) -> Criterion:
    """The criterion of a training whose spec is known as JSON values; errors as of `TrainingConfig.of_spec`."""
    matching, losses = _section(spec, "matching", MatchingSection), _section(spec, "losses", LossSection)
    return build_criterion(matching, losses, symmetries)


def _section(spec: Mapping[str, Any], name: str, kind: type[AnySection]) -> AnySection:
    return kind.model_validate_json(json.dumps(spec[name]))
