"""All that learns, and one step of it: detector, moving average, optimizer, loss scale."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

import torch

from yolozu.artifacts.checkpoint import TrainingRecord
from yolozu.data.preprocess import normalize_images
from yolozu.matching.hungarian import NonFiniteCostError
from yolozu.model.loading import load_exactly
from yolozu.optim.ema import MovingAverage
from yolozu.optim.groups import GroupRules, parameter_groups
from yolozu.optim.optimizers import build_optimizer, load_optimizer_tensors, optimizer_tensors, set_learning_rate
from yolozu.training.precision import Precision
from yolozu.training.randomness import derived_seed, generator_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn

    from yolozu.artifacts.checkpoint import Checkpoint
    from yolozu.contract.optim import OptimSection
    from yolozu.contract.train import LoopSection
    from yolozu.data.collate import Batch
    from yolozu.data.preprocess import Preprocess
    from yolozu.geometry.targets import Targets
    from yolozu.optim.schedules import Schedule


class Loss(Protocol):
    """What is minimized, normalized by the number of objects in the batch (at least 1)."""

    def __call__(self, output: Any, targets: Targets) -> tuple[Tensor, dict[str, Tensor]]:
        """The sum () with its graph, and its weighted terms () without."""
        ...

    def of_predictions(self, output: Any, targets: Targets) -> tuple[Tensor, dict[str, Tensor]]:
        """The same of what evaluation sees: one layer, no denoising."""
        ...


@dataclass(frozen=True)
class StepReport:
    """How one optimizer step went.

    Attributes:
        losses: ``total`` and its terms, as of one batch over the whole window.
        lr: part (``all``, or ``backbone`` and ``head``) -> learning rate.
        grad_norm: Euclidean norm of all gradients, before clipping; NaN where the loss was not finite.
        images: images in the window.
        non_finite: what was not a finite number, so that nothing moved; else None.
        suspects: indices of the images it came from: of one batch for a loss, of the window for a gradient.
    """

    losses: dict[str, float]
    lr: dict[str, float]
    grad_norm: float
    images: int
    non_finite: Literal["loss", "grad"] | None = None
    suspects: tuple[int, ...] = ()


class Learner:
    """A detector in training.

    Attributes:
        detector: the trained weights.
        average: their moving average, or None.
        eval_weights: which of the two is validated, exported and predicted with.
    """

    def __init__(
        self,
        detector: nn.Module,
        loss: Loss,
        *,
        optim: OptimSection,
        loop: LoopSection,
        schedule: Schedule,
        preprocess: Preprocess,
        seed: int,
        device: torch.device,
    ) -> None:
        self._precision = Precision(loop.amp, device)
        self.detector = detector.to(device)
        self.average = MovingAverage(self.detector, decay=loop.ema_decay) if loop.use_ema else None
        self.eval_weights: Literal["model", "ema"] = "ema" if loop.ema_eval else "model"
        self._loss, self._schedule, self._preprocess = loss, schedule, preprocess
        self._seed, self._device, self._max_norm = seed, device, optim.clip_grad_norm
        self._groups = parameter_groups(self.detector, group_rules(optim))
        self._parameters = [parameter for group in self._groups for parameter in group.parameters.values()]
        self._optimizer = build_optimizer(
            self._groups, name=optim.optimizer, momentum=optim.momentum, nesterov=optim.nesterov
        )

    def evaluated(self) -> nn.Module:
        """The detector that is validated."""
        if self.eval_weights == "model":
            return self.detector
        assert self.average is not None
        return self.average.detector

    def learn(self, window: Sequence[Batch], step: int) -> StepReport:
        """Take optimizer step ``step`` (from 0) on the batches of one window.

        The gradient is that of one large batch, because each batch counts by its share of the window's objects, by
        which losses are normalized. Two things remain each batch's own: batch statistics, and the number of denoising
        groups.
        """
        self.detector.train()
        lr = self._schedule.at(step)
        set_learning_rate(self._optimizer, lr)
        self._optimizer.zero_grad(set_to_none=True)
        weights = window_weights([int(batch.targets.valid_BT.sum()) for batch in window])
        terms = [
            self._add_gradients(batch, weight, step, place)
            for place, (batch, weight) in enumerate(zip(window, weights, strict=True))
        ]
        values = _fetched(terms)
        names = dict.fromkeys(name for value in values for name in value)
        losses = {
            name: sum(weight * value.get(name, 0.0) for weight, value in zip(weights, values, strict=True))
            for name in names
        }
        rates = {group.part: lr * group.lr_mult for group in self._groups}
        report = StepReport(losses, rates, math.nan, sum(len(batch.indices) for batch in window))
        for batch, value in zip(window, values, strict=True):
            if not math.isfinite(value["total"]):
                return replace(report, non_finite="loss", suspects=tuple(batch.indices))
        norm = float(self._precision.gradient_norm(self._optimizer, self._parameters, max_norm=self._max_norm))
        if not math.isfinite(norm) and not self._precision.skips_overflow:
            suspects = tuple(index for batch in window for index in batch.indices)
            return replace(report, grad_norm=norm, non_finite="grad", suspects=suspects)
        self._precision.step(self._optimizer)
        if self.average is not None:
            self.average.update()
        return replace(report, grad_norm=norm)

    def _add_gradients(self, batch: Batch, weight: float, step: int, place: int) -> dict[str, Tensor]:
        torch.manual_seed(derived_seed(self._seed, "step", step, place))  # dropout
        noise = generator_for(torch.device("cpu"), self._seed, "denoising", step, place)
        targets = batch.targets.to(self._device)
        images = normalize_images(batch.images_B3HW.to(self._device, non_blocking=True), self._preprocess)
        with self._precision.autocast():
            output = self.detector(images, targets, noise)
        try:
            total, terms = self._loss(output, targets)
        except NonFiniteCostError:
            return {"total": torch.full((), math.nan, device=self._device)}
        self._precision.backward(total * weight)
        return {"total": total.detach(), **terms}

    def weights(self) -> tuple[dict[str, Tensor], dict[str, Tensor] | None]:
        """State dicts of the detector and of its average (not copied)."""
        return dict(self.detector.state_dict()), None if self.average is None else self.average.tensors()

    def record(self) -> TrainingRecord:
        """What, besides the weights, the next step depends on (not copied)."""
        return TrainingRecord(
            {"scaler": self._precision.state(), "ema_updates": 0 if self.average is None else self.average.updates},
            optimizer_tensors(self._optimizer, self._groups),
        )

    def load(self, checkpoint: Checkpoint) -> None:
        """Take over a checkpoint that was made for the same contract.

        Raises:
            InputError: YZ455, it does not hold exactly this detector.
        """
        record = checkpoint.training_state
        assert record is not None
        load_exactly(self.detector, checkpoint.weights, where=checkpoint.source)
        if self.average is not None:
            assert checkpoint.ema is not None
            load_exactly(self.average.detector, checkpoint.ema, where=checkpoint.source)
            self.average.updates = record.values["ema_updates"]
        self._precision.load(record.values["scaler"])
        load_optimizer_tensors(self._optimizer, self._groups, record.tensors)


def group_rules(optim: OptimSection) -> GroupRules:
    """The contract's keys about parameter groups."""
    return GroupRules(
        weight_decay=optim.weight_decay,
        wd_exclude_bias=optim.wd_exclude_bias,
        wd_exclude_norm=optim.wd_exclude_norm,
        use_param_groups=optim.use_param_groups,
        backbone_lr_mult=optim.backbone_lr_mult,
        head_lr_mult=optim.head_lr_mult,
        backbone_wd_mult=optim.backbone_wd_mult,
        head_wd_mult=optim.head_wd_mult,
    )


def window_weights(object_counts: Sequence[int]) -> list[float]:
    """Factors on losses, each divided by its own batch's objects, whose sum is the loss of one batch of them all.

    Args:
        object_counts: objects in each batch; a batch without any is normalized by 1.
    """
    whole = max(1, sum(object_counts))
    return [max(1, count) / whole for count in object_counts]


def _fetched(terms: Sequence[dict[str, Tensor]]) -> list[dict[str, float]]:
    """The terms as numbers, brought from the device at once."""
    numbers = iter(torch.stack([value.float() for named in terms for value in named.values()]).tolist())
    return [{name: next(numbers) for name in named} for named in terms]
