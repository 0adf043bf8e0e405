"""All that learns, and one step of it: detector, moving average, optimizer, loss scale."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from yolozu.artifacts.checkpoint import Checkpoint, TrainingRecord
from yolozu.continual.base import Regularizers
from yolozu.data.collate import Batch
from yolozu.data.preprocess import Preprocess, normalize_images
from yolozu.matching.hungarian import NonFiniteCostError
from yolozu.model.denoising import NoiseShare
from yolozu.model.loading import load_exactly
from yolozu.model.norms import SyncBatchNorm2d
from yolozu.model.outputs import TrainingOutput
from yolozu.optim.clip import clip_gradients
from yolozu.optim.ema import MovingAverage
from yolozu.optim.groups import ParameterGroup
from yolozu.optim.optimizers import load_optimizer_tensors, optimizer_tensors, set_learning_rate
from yolozu.optim.schedules import Schedule
from yolozu.training.base import AddedTerm, Objective, TrainingPass
from yolozu.training.batch_sharding import Share, shares_of
from yolozu.training.compilation import CompiledEncoding
from yolozu.training.distributed import SINGLE_PROCESS, Group
from yolozu.training.gradient_buckets import GradientBuckets
from yolozu.training.held_buffers import HeldBuffers
from yolozu.training.phases import PhasedTraining, Phases
from yolozu.training.precision import Precision
from yolozu.training.pseudo_labels import PseudoLabeling
from yolozu.training.randomness import derived_seed, generator_for

__all__ = ["AddedTerm", "Learner", "Objective", "StepReport", "TrainingPass"]


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

    def with_penalties(self, penalties: Mapping[str, float]) -> StepReport:
        """The same with what regularizers add to the loss."""
        losses = {**self.losses, **penalties}
        return replace(self, losses={**losses, "total": sum(penalties.values(), start=losses["total"])})


class Learner:
    """A detector in training.

    Attributes:
        detector: the trained weights.
        average: their moving average, or None.
        eval_weights: which of the two is validated, exported and predicted with.
        regularizers: hold weights that mattered to earlier tasks.
        pseudo_labeling: finds objects that no label tells of, or None.
        gradients: adds them up over the processes.
    """

    def __init__(
        self,
        detector: nn.Module,
        loss: Objective,
        *,
        groups: Sequence[ParameterGroup],
        optimizer: Optimizer,
        schedule: Schedule,
        max_norm: float,
        precision: Precision,
        phases: Phases,
        average: MovingAverage | None,
        eval_weights: Literal["model", "ema"],
        compiled: CompiledEncoding | None,
        added_terms: Sequence[AddedTerm],
        preprocess: Preprocess,
        seed: int,
        device: torch.device,
        keeps_statistics: bool = False,
        regularizers: Regularizers | None = None,
        pseudo_labeling: PseudoLabeling | None = None,
        processes: Group = SINGLE_PROCESS,
    ) -> None:
        """Put the parts together; `config.build_learner` makes them.

        Args:
            detector: on ``device``.
            loss: what is minimized.
            groups: the parameters that move.
            optimizer: of those groups.
            schedule: learning rate of every step.
            max_norm: largest gradient norm; 0 does not clip.
            precision: of the passes.
            phases: spans of steps in which only some heads learn.
            average: of ``detector``, or None.
            eval_weights: which of the two is validated.
            compiled: the compiled part of ``detector``; None computes all of it eagerly.
            added_terms: losses beside ``loss``; they wait for phases of single heads to end.
            preprocess: how images become network input.
            seed: of dropout and denoising.
            device: where it all happens.
            keeps_statistics: whether norms keep their running statistics, and use them.
            regularizers: of the parameters of ``groups``; None for none.
            pseudo_labeling: finds objects that no label tells of; None leaves labels as they are.
            processes: that train together.
        """
        self.regularizers = Regularizers({}) if regularizers is None else regularizers
        self._processes = processes
        self._mixes_processes = (
            not keeps_statistics
            and processes.size > 1
            and any(isinstance(module, SyncBatchNorm2d) for module in detector.modules())
        )
        self.detector, self.average, self.eval_weights = detector, average, eval_weights
        self._loss, self._schedule, self._preprocess = loss, schedule, preprocess
        self._groups, self._optimizer, self._max_norm = groups, optimizer, max_norm
        self._precision, self._compiled, self._added_terms = precision, compiled, tuple(added_terms)
        self._seed, self._device, self.pseudo_labeling = seed, device, pseudo_labeling
        self._parameters = [parameter for group in groups for parameter in group.parameters.values()]
        moving = {id(parameter) for parameter in self._parameters}
        self.gradients = GradientBuckets(
            [parameter for parameter in detector.parameters() if id(parameter) in moving],
            processes,
            # Norms that wait for each other on a GPU, while sums do, may get into each other's way there.
            overlapping=not (self._mixes_processes and device.type == "cuda"),
        )
        self._phases = PhasedTraining(detector, phases, keeps_statistics=keeps_statistics)
        self._buffers = HeldBuffers(detector)

    def evaluated(self) -> nn.Module:
        """The detector that is validated."""
        if self.eval_weights == "model":
            return self.detector
        assert self.average is not None
        return self.average.detector

    def learn(self, window: Sequence[Batch], step: int, *, lr_factor: float = 1.0) -> StepReport:
        """Take optimizer step ``step`` (from 0) on the batches of one window.

        A loss or gradient that is not finite leaves everything as it was before, to the bit.

        The gradient is that of one large batch, because each batch counts by its share of the window's objects, by
        which losses are normalized. Two things remain each batch's own: batch statistics, and the number of denoising
        groups.
        """
        self._phases.enter(step)
        self._buffers.hold()
        lr = self._schedule.at(step) * lr_factor
        set_learning_rate(self._optimizer, lr)
        self._optimizer.zero_grad(set_to_none=True)
        shares = self.shares(window, step, self._processes)
        with nullcontext() if self._compiled is None else self._compiled.active():
            terms = [self._add_gradients(share, step, place) for place, share in enumerate(shares[:-1])]
            with self.gradients.last_backward():
                terms.append(self._add_gradients(shares[-1], step, len(shares) - 1))
        values = _as_numbers(terms)
        rates = {group.part: lr * group.lr_mult for group in self._groups}
        report = self._report(shares, values, rates)
        self.gradients.wait()
        if report.non_finite == "loss":
            self._buffers.put_back()
            return report
        self._precision.unscale(self._optimizer)
        report = report.with_penalties(self.regularizers.add_gradients())
        norm = float(clip_gradients(self._parameters, max_norm=self._max_norm))
        if not math.isfinite(norm) and not self._precision.skips_overflow:
            self._buffers.put_back()
            own = [index for batch in window for index in batch.indices]
            suspects = tuple(index for indices in self._processes.all_gather(own) for index in indices)
            return replace(report, grad_norm=norm, non_finite="grad", suspects=suspects)
        if self._precision.step(self._optimizer):
            self.regularizers.after_step()
        if self.average is not None:
            self.average.update()
        return replace(report, grad_norm=norm)

    def shares(self, window: Sequence[Batch], step: int, processes: Group) -> list[Share]:
        """A process's parts of the batches of step ``step`` (from 0), with the objects that only a teacher sees."""
        shares = shares_of(window, processes)
        if self.pseudo_labeling is None or not self._phases.all_learn(step):
            return shares
        with self._precision.autocast():
            return self.pseudo_labeling.look(shares, processes)

    def _report(
        self, shares: Sequence[Share], values: Sequence[dict[str, float]], rates: dict[str, float]
    ) -> StepReport:
        """The window's losses and images, of all processes; which images the first loss that is not finite is of."""
        names = dict.fromkeys(name for value in values for name in value)
        own = {
            name: sum(share.weight * value.get(name, 0.0) for share, value in zip(shares, values, strict=True))
            for name in names
        }
        not_finite = [
            tuple(share.batch.indices)
            for share, value in zip(shares, values, strict=True)
            if not math.isfinite(value.get("total", 0.0))
        ]
        gathered = self._processes.all_gather((own, not_finite))
        losses = {
            name: sum(of_one.get(name, 0.0) for of_one, _ in gathered)
            for name in dict.fromkeys(name for of_one, _ in gathered for name in of_one)
        }
        report = StepReport(losses, rates, math.nan, sum(share.of for share in shares))
        suspects = [indices for _, of_one in gathered for indices in of_one]
        return replace(report, non_finite="loss", suspects=suspects[0]) if suspects else report

    def _add_gradients(self, share: Share, step: int, place: int) -> dict[str, Tensor]:
        if not share.batch.indices and not self._mixes_processes:
            return {}
        done = self._pass_of(share, step, place, self._processes.rank)
        if not share.batch.indices:
            self._backward_without_gradient(done.output)
            return {}
        try:
            total, terms = self._loss_of(done)
        except NonFiniteCostError:
            self._backward_without_gradient(done.output)
            return {"total": torch.full((), math.nan, device=self._device)}
        self._precision.backward(total * share.weight)
        return {"total": total.detach(), **terms}

    def _backward_without_gradient(self, output: TrainingOutput) -> None:
        """Go through the backward pass for the sake of norms that other processes are waiting in; no gradient comes."""
        if not self._mixes_processes:
            return
        parts = [output.queries, output.proposals, {} if output.denoising is None else output.denoising.predicted]
        parts += [] if output.k_delta_B4 is None else [{"k_delta": output.k_delta_B4}]
        nothing = torch.stack([value.float().sum() for named in parts for value in named.values()]).sum() * 0.0
        learning = [parameter for parameter in self._parameters if parameter.requires_grad]
        torch.autograd.grad(nothing, learning, allow_unused=True)

    def losses_of(self, share: Share, step: int, place: int, rank: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss () of a part of a batch with its graph, and its terms () without; random numbers are the step's.

        Args:
            share: a part of one of the window's batches.
            step: optimizer step, from 0.
            place: of the batch in its window.
            rank: of the process whose part it is.

        Raises:
            NonFiniteCostError: YZ403, the outputs are not finite.
        """
        return self._loss_of(self._pass_of(share, step, place, rank))

    def _loss_of(self, done: TrainingPass) -> tuple[Tensor, dict[str, Tensor]]:
        """The objective with the added terms, which wait until more than a single head learns."""
        total, terms = self._loss(done.output, done.targets, done.step)
        if not self._phases.all_learn(done.step):
            return total, terms
        for term in self._added_terms:
            with self._precision.autocast():
                found = term(done)
            found = found / done.share.weight  # which the sum is multiplied by, and which goes by objects
            total, terms = total + found, {**terms, term.name: found.detach()}
        return total, terms

    def _pass_of(self, share: Share, step: int, place: int, rank: int) -> TrainingPass:
        """What the detector makes of a process's part of a batch; denoising has the noise of the whole batch."""
        torch.manual_seed(derived_seed(self._seed, "step", step, place, *([rank] if rank > 0 else [])))  # dropout
        generator = generator_for(torch.device("cpu"), self._seed, "denoising", step, place)
        parted = len(share.batch.indices) < share.of
        noise = NoiseShare(generator, share.first, share.of) if parted else generator
        targets = share.batch.targets.to(self._device)
        pixels_B3HW = share.batch.images_B3HW.to(self._device, non_blocking=True)
        with self._precision.autocast():
            images_B3HW = normalize_images(pixels_B3HW, self._preprocess)
            output = self.detector(images_B3HW, targets, noise)
            if self.pseudo_labeling is not None and self._phases.all_learn(step):
                targets = self.pseudo_labeling.added_to(targets, share)
        return TrainingPass(images_B3HW, output, targets, share, step, place)

    @contextmanager
    def recomputing(self, step: int) -> Iterator[None]:
        """Training passes of ``step`` (from 0) in the block leave nothing behind: no gradient, no moved statistic."""
        self._phases.enter(step)
        self._buffers.hold()
        self._optimizer.zero_grad(set_to_none=True)
        try:
            yield
        finally:
            self._optimizer.zero_grad(set_to_none=True)
            self._buffers.put_back()

    @property
    def mixes_processes(self) -> bool:
        """Whether a pass needs every process, because norms take their statistics from all of them."""
        return self._mixes_processes

    @property
    def judges_gradients(self) -> bool:
        """Whether a gradient that is not finite is an anomaly, and not loss scaling at work."""
        return not self._precision.skips_overflow

    def parameters(self) -> dict[str, nn.Parameter]:
        """What the optimizer moves, by name in the state dict."""
        return {name: parameter for group in self._groups for name, parameter in group.parameters.items()}

    def weights(self) -> tuple[dict[str, Tensor], dict[str, Tensor] | None]:
        """State dicts of the detector and of its average (not copied)."""
        return dict(self.detector.state_dict()), None if self.average is None else self.average.tensors()

    def record(self) -> TrainingRecord:
        """What, besides the weights, the next step depends on (not copied)."""
        return TrainingRecord(
            {"scaler": self._precision.state(), "ema_updates": 0 if self.average is None else self.average.updates},
            {**optimizer_tensors(self._optimizer, self._groups), **self.regularizers.tensors()},
        )

    def take_buffers_from_first(self) -> None:
        """Give all processes the statistics of the first one, which are those that are saved; gradients need none."""
        modules = [self.detector] if self.average is None else [self.detector, self.average.detector]
        self._processes.copy_from_first([buffer for module in modules for buffer in module.buffers()])

    def take_all_from_first(self) -> None:
        """Give all processes what the first one has: weights, average, optimizer state, loss scale."""
        if self._processes.size == 1:
            return
        weights, average = self.weights()
        self._processes.copy_from_first([*weights.values(), *({} if average is None else average).values()])
        record = self.record()
        described = {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in record.tensors.items()}
        values, described = self._processes.from_first((record.values, described))
        tensors = record.tensors
        if not self._processes.is_first:
            tensors = {name: torch.empty(shape, dtype=dtype) for name, (shape, dtype) in described.items()}
        self._processes.copy_from_first(list(tensors.values()))
        if not self._processes.is_first:
            self._load_record(TrainingRecord(values, tensors))

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
        self._load_record(record)

    def _load_record(self, record: TrainingRecord) -> None:
        if self.average is not None:
            self.average.updates = record.values["ema_updates"]
        self._precision.load(record.values["scaler"])
        load_optimizer_tensors(self._optimizer, self._groups, self.regularizers.load(record.tensors))


def _as_numbers(terms: Sequence[dict[str, Tensor]]) -> list[dict[str, float]]:
    """The terms as numbers, brought from the device at once."""
    values = [value.float() for named in terms for value in named.values()]
    numbers = iter(torch.stack(values).tolist() if values else ())
    return [{name: next(numbers) for name in named} for named in terms]
