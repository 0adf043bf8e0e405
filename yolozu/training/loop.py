"""Training from the first optimizer step, or from wherever an earlier try has got to, to the last."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn, Protocol

import torch

from yolozu.data.collate import Batch
from yolozu.model.device import device_named
from yolozu.progress import Bar, Progress
from yolozu.training.batches import training_windows
from yolozu.training.checkpointing import CheckpointInfo, CheckpointWriter, TrainingFiles
from yolozu.training.config import Materials, TrainingConfig, build_learner
from yolozu.training.distributed import SINGLE_PROCESS, Group, StoppedByRank0
from yolozu.training.learner import Learner, StepReport
from yolozu.training.leave_states import Asking, leave_states
from yolozu.training.loggers.following import Following, LogPlan
from yolozu.training.messages import interrupted, opening_lines, step_note, step_numbers, validation_line
from yolozu.training.metrics_log import Kind, MetricsLog, SilentLog
from yolozu.training.randomness import deterministic
from yolozu.training.resume import ResumeSources, take_up
from yolozu.training.state import NOTHING_TO_FIND, BeforeEnd, EpochSums, TrainingState, rank
from yolozu.training.throughput import Throughput
from yolozu.training.timetable import Timetable
from yolozu.training.validate import Validation, Validator


class Guard(Protocol):
    """Decides what becomes of steps that the learner has refused to take."""

    def judge(
        self, report: StepReport, window: list[Batch], state: TrainingState, *, learner: Learner, timetable: Timetable
    ) -> str:
        """What to say of a step that is skipped.

        Args:
            report: of the step.
            window: its batches.
            state: after the step; counts the skip.
            learner: as it was before the step.
            timetable: of the training.

        Raises:
            YolozuError: the training ends here.
            StoppedByRank0: likewise, in all processes but the first.
        """
        ...


@dataclass(frozen=True)
class Summary:
    """How a training ended.

    Attributes:
        steps: optimizer steps done.
        epochs: epochs completed.
        best_step: optimizer steps at the best validation.
        best_metric: what validations were ranked by; see `TrainingState`.
        best_score: that there; None when the held-out images do not define it.
        stopped_early: whether patience ran out.
        optimizer_bytes: of what the optimizer keeps from step to step.
    """

    steps: int
    epochs: int
    best_step: int
    best_metric: str
    best_score: float | None
    stopped_early: bool
    optimizer_bytes: int


def fit(
    config: TrainingConfig,
    materials: Materials,
    info: CheckpointInfo,
    files: TrainingFiles,
    *,
    guard: Guard,
    sources: ResumeSources,
    progress: Progress,
    stopping: Callable[[], bool],
    saved: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005 - nobody listens
    log_plan: LogPlan | None = None,
    processes: Group = SINGLE_PROCESS,
) -> Summary:
    """Train to the end of the configured length, from where ``files`` or ``sources`` have got to.

    The same config, materials and machine give the same files (but for timestamps and durations in the metrics),
    however often the training was stopped or killed in between.

    Args:
        config: how.
        materials: what.
        info: what the checkpoints say about themselves.
        files: where to write, and where an earlier try has written.
        guard: judges steps whose loss or gradient is not finite.
        sources: a finished training to extend.
        progress: where progress is shown.
        stopping: asked after every optimizer step and validation batch.
        saved: told, whenever last.pt was written, of how many steps are done, and how many there will be.
        log_plan: loggers that are told what the metrics files are; None for none.
        processes: that train together; all call this alike, and the first one writes and tells.

    Raises:
        StoppedByRank0: in all processes but the first, where that one raises one of these:
        Interrupted: YZ505, ``stopping`` said so; the state is saved.
        ContractError: YZ503, no length is given.
        UsageError: YZ501 and YZ502 for the device, YZ504 when resuming is insisted on and impossible, YZ506 when a loss
            or gradient is not finite and may not be skipped; `TrainingFiles.black_boxes` then holds the step.
    """
    device = device_named(config.device)
    timetable = config.timetable(len(materials.train_index.records), materials.replayed_per_batch)
    with deterministic(config.loop.is_deterministic_on(config.device)), ExitStack() as stack:
        learner = build_learner(
            config,
            materials.detector,
            materials.loss,
            preprocess=materials.preprocess,
            total_steps=timetable.total_steps,
            mim_weight=materials.mim_weight,
            teaching=materials.teaching,
            regularization=materials.regularization,
            derpp_weight=materials.derpp_weight,
            processes=processes,
        )
        checkpoints = CheckpointWriter(files, info, learner, timetable, num_processes=processes.size)
        found = None
        if processes.is_first:
            found = take_up(
                files,
                info,
                sources,
                learner=learner,
                checkpoints=checkpoints,
                patience=config.loop.early_stop_patience,
                say=progress.say,
                num_processes=processes.size,
            )
        found = processes.from_first(found)
        learner.take_all_from_first()
        state = TrainingState(best_metric=materials.best_metric) if found is None else found
        train_log = stack.enter_context(_log(files.train_metrics, state.train_rows, processes))
        val_log = stack.enter_context(_log(files.val_metrics, state.val_rows, processes))
        following = None
        if log_plan is not None and processes.is_first:
            following = Following(log_plan, files.train_metrics, done_steps=state.step, say=progress.say)
            stack.enter_context(following)
        opening = opening_lines(
            config, materials, timetable, best_metric=state.best_metric, num_processes=processes.size
        )
        for line in [*(materials.origin_lines if found is None else ()), *opening]:
            progress.say(line)
        bar = stack.enter_context(progress.bar("train", max(timetable.total_steps, state.step), done=state.step))
        windows = training_windows(
            materials.train_images,
            timetable,
            seed=config.seed,
            done_steps=state.step,
            loading=config.loading,
            processes=processes,
        )
        loop = _Loop(
            config=config,
            guard=guard,
            timetable=timetable,
            learner=learner,
            checkpoints=checkpoints,
            validator=_validator(config, materials, device, processes),
            state=state,
            train_log=train_log,
            val_log=val_log,
            following=following,
            throughput=Throughput(device),
            progress=progress,
            bar=bar,
            stopping=stopping,
            saved=saved,
            processes=processes,
        )
        loop.run(stack.enter_context(closing(windows)))
        if materials.regularization.leaves:
            processes.leave()
            if processes.is_first:
                told = Asking(progress, stopping, interrupted(state, timetable))
                leave_states(learner, config, materials, files.best, told)
    return _summary(state, timetable, learner)


@dataclass
class _Loop:
    config: TrainingConfig
    guard: Guard
    timetable: Timetable
    learner: Learner
    checkpoints: CheckpointWriter
    validator: Validator
    state: TrainingState
    train_log: MetricsLog
    val_log: MetricsLog
    following: Following | None
    throughput: Throughput
    progress: Progress
    bar: Bar
    stopping: Callable[[], bool]
    saved: Callable[[int, int], None]
    processes: Group

    def run(self, windows: Iterator[list[Batch]]) -> None:
        """Steps and validations to the end; each part only looks at the state, so that it can begin at any of them."""
        state = self.state
        while True:
            self._validate_if_due()
            if state.step >= self.timetable.total_steps or state.verdicts.stopped_early:
                return
            if self.processes.any(self.stopping()):
                self._save_and_stop()
            self._advance(windows)
            due = state.step % self.config.operations.save_last_every == 0
            if due and self._due_validation() is None:  # a validation saves by itself
                self._save()

    def _advance(self, windows: Iterator[list[Batch]]) -> None:
        """One optimizer step, and the rows that it gives."""
        state, throughput = self.state, self.throughput
        throughput.start()
        window = next(windows)
        throughput.loaded()
        report = self.learner.learn(window, state.step, lr_factor=state.skips.lr_factor)
        throughput.stepped(report.images)
        state.step += 1
        if report.non_finite is not None:
            self._not_taken(report, window)
        else:
            self._taken(report)
        if self.timetable.ends_epoch(state.step):
            self._write(self.train_log, "train_epoch", state.sums.means(), _rates(report))
            state.sums = EpochSums()
        numbers = step_numbers(report, state, self.timetable, throughput.latest)
        self.bar.advance(1, step_note(numbers, state.best_metric), numbers)

    def _taken(self, report: StepReport) -> None:
        state, throughput = self.state, self.throughput
        state.skips.end_row()
        state.sums.add(report)
        if state.step == 1 or state.step % self.config.operations.log_every == 0:
            metrics = _rates(report) | _finite({"grad_norm": report.grad_norm}) | throughput.read()
            self._write(self.train_log, "train_step", report.losses, metrics)

    def _not_taken(self, report: StepReport, window: list[Batch]) -> None:
        """Skip the step; or stop, and then nothing is saved: the last checkpoint stays good."""
        kind: Kind = "non_finite_loss" if report.non_finite == "loss" else "non_finite_grad"
        metrics = _rates(report) | _finite({"grad_norm": report.grad_norm})
        self._write(self.train_log, kind, _finite(report.losses), metrics)
        learner, timetable = self.learner, self.timetable
        self.progress.say(self.guard.judge(report, window, self.state, learner=learner, timetable=timetable))

    def _due_validation(self) -> Literal["val_epoch", "val_step", "closing"] | None:
        state, table = self.state, self.timetable
        if state.step in (0, state.verdicts.validated_step):
            return None
        regular = table.validation(state.step)
        if regular is None and state.step >= table.total_steps:  # above it where the limit was lowered meanwhile
            return "closing"
        return regular

    def _validate_if_due(self) -> None:
        due, state = self._due_validation(), self.state
        if due is None:
            return
        self.learner.take_buffers_from_first()
        found = self.validator(
            self.learner.evaluated(), stopping=self.stopping, tell=lambda note: self.bar.advance(0, note)
        )
        if found is None:
            self._save_and_stop()
        if due == "closing":
            state.before_end = BeforeEnd(copy.deepcopy(state.verdicts), state.val_rows)
        self._judge(found, due)

    def _judge(self, found: Validation, due: Literal["val_epoch", "val_step", "closing"]) -> None:
        """Draw the consequences of a validation, and save them together with the weights."""
        state, verdicts, loop = self.state, self.state.verdicts, self.config.loop
        score = rank(found.metrics, state.best_metric)
        improved = verdicts.improves(score)
        if improved:
            verdicts.best_score, verdicts.best_step = score, state.step
        verdicts.validated_step, verdicts.metrics = state.step, found.metrics
        if due != "closing":
            verdicts.count(score, patience=loop.early_stop_patience, min_delta=loop.early_stop_min_delta)
        kind = self.timetable.closing_validation(state.step) if due == "closing" else due
        self._write(self.val_log, kind, _finite(found.losses), found.metrics)
        if verdicts.stopped_early:
            without = float(verdicts.without_progress)
            self._write(
                self.val_log, "early_stop", {}, {state.best_metric: verdicts.best_score, "without_progress": without}
            )
        self._save(with_best=improved)
        self.progress.say(validation_line(found, state, improved=improved))
        if verdicts.stopped_early:
            self.progress.say(
                f"stopping early: {verdicts.without_progress} validations without a better {state.best_metric}"
            )

    def _write(
        self, log: MetricsLog, kind: Kind, losses: Mapping[str, float | None], metrics: Mapping[str, float | None]
    ) -> None:
        state, table = self.state, self.timetable
        log.write(
            kind,
            epoch=table.epoch_of(state.step),
            step=table.batches_done(state.step),
            optim_step=state.step,
            losses=losses,
            metrics=metrics,
        )
        state.train_rows, state.val_rows = self.train_log.rows, self.val_log.rows
        if self.following is not None:
            self.following.row(kind, state.step, losses, metrics)

    def _save_and_stop(self) -> NoReturn:
        self._save()
        raise interrupted(self.state, self.timetable) if self.processes.is_first else StoppedByRank0

    def _save(self, *, with_best: bool = False) -> None:
        """Write last.pt, which counts on the metrics' rows being there."""
        if not self.processes.is_first:
            return
        self.train_log.sync()
        self.val_log.sync()
        if with_best:
            self.checkpoints.save_with_best(self.state)
        else:
            self.checkpoints.save(self.state)
        self.saved(self.state.step, self.timetable.total_steps)


def _log(path: Path, keep_rows: int, processes: Group) -> MetricsLog:
    return MetricsLog(path, keep_rows=keep_rows) if processes.is_first else SilentLog()


def _validator(config: TrainingConfig, materials: Materials, device: torch.device, processes: Group) -> Validator:
    return Validator(
        index=materials.val_index,
        images=materials.val_images,
        preprocess=materials.preprocess,
        loss=materials.loss,
        score=materials.score,
        score_threshold=materials.score_threshold,
        max_detections=materials.max_detections,
        batch_size=config.loop.batch_size,
        device=device,
        loading=config.loading,
        processes=processes,
    )


def _summary(state: TrainingState, timetable: Timetable, learner: Learner) -> Summary:
    verdicts = state.verdicts
    assert verdicts.best_step is not None, "training ends with a validation"
    assert verdicts.best_score is not None
    return Summary(
        steps=state.step,
        epochs=timetable.epochs_done(state.step),
        best_step=verdicts.best_step,
        best_metric=state.best_metric,
        best_score=None if verdicts.best_score == NOTHING_TO_FIND else verdicts.best_score,
        stopped_early=verdicts.stopped_early,
        optimizer_bytes=sum(tensor.nbytes for tensor in learner.record().tensors.values()),
    )


def _rates(report: StepReport) -> dict[str, float | None]:
    return {"lr" if part == "all" else f"lr_{part}": lr for part, lr in report.lr.items()}


def _finite(values: Mapping[str, float]) -> dict[str, float | None]:
    """Numbers that are none as None, which JSON can say."""
    return {name: value if math.isfinite(value) else None for name, value in values.items()}
