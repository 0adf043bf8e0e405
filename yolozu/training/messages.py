"""What a training says to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from yolozu.errors import Interrupted, UsageError
from yolozu.training.state import METRIC, NOTHING_TO_FIND, rank
from yolozu.training.trainable import adapter_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from yolozu.errors import YolozuError
    from yolozu.progress import Numbers
    from yolozu.training.config import Materials, TrainingConfig
    from yolozu.training.learner import StepReport
    from yolozu.training.state import TrainingState
    from yolozu.training.timetable import Timetable
    from yolozu.training.validate import Validation


SHOWN_METRICS = ("map50_95", "map50", "add_01d", "add_s_01d", "rot_deg_median")
"""Of a validation's metrics, those that its line says."""


def opening_lines(
    config: TrainingConfig,
    materials: Materials,
    timetable: Timetable,
    *,
    best_metric: str = METRIC,
    num_processes: int = 1,
) -> list[str]:
    """What is about to happen, where validations are ranked by ``best_metric``."""
    together = f" in each of {num_processes} processes" if num_processes > 1 else ""
    total, warmup = timetable.total_steps, config.schedule.lr_warmup_steps
    steps = (
        f"training for {total} optimizer steps, {timetable.steps_per_epoch} an epoch: "
        f"{len(materials.train_index.records)} images, {len(materials.val_index.records)} held out, "
        f"on {config.device} with {torch.get_num_threads()} threads{together}"
    )
    lines = [steps, *adapter_lines(materials.detector, rank=config.lora.lora_r, from_seed=materials.from_seed)]
    lines += [] if materials.teaching is None else [materials.teaching.line()]
    lines += materials.regularization.lines
    if warmup >= total and config.schedule.scheduler != "onecycle":
        lines.append(f"warning: lr_warmup_steps {warmup} leaves none of the {total} steps at the full learning rate")
    if best_metric != materials.best_metric:
        lines.append(
            f"note: best.pt has been chosen by {in_words(best_metric)} so far, and is to the end of this training; "
            f"a new one would choose it by {in_words(materials.best_metric)}"
        )
    elif best_metric != METRIC:
        lines.append(f"best.pt is chosen by {in_words(best_metric)}")
    if all(record.is_crowd.all() for record in materials.val_index.records):
        lines.append(_nothing_to_choose_by(config.loop.early_stop_patience))
    return lines


def in_words(best_metric: str) -> str:
    """``map50``, ``the mean of map50_95 and add_s_01d``."""
    return f"the mean of {best_metric.replace('+', ' and ')}" if "+" in best_metric else best_metric


def _nothing_to_choose_by(patience: int) -> str:
    without_effect = f", and early_stop_patience {patience} has no effect" if patience > 0 else ""
    return (
        f"warning: no held-out image has an object, so no validation has a {METRIC}: "
        f"best.pt follows the last model{without_effect}"
    )


def step_note(numbers: Numbers, best_metric: str = METRIC) -> str:
    """How it goes, behind the bar: `step_numbers` in words, what matters most first."""
    name = "mAP" if best_metric == METRIC else "score" if "+" in best_metric else best_metric
    rates = " ".join(
        f"{value:.3g}" for value in dict.fromkeys(numbers[name] for name in numbers if name.startswith("lr"))
    )
    parts = [f"epoch {numbers['epoch']:.0f}/{numbers['epochs']:.0f}", f"loss {numbers['loss']:.4g}"]
    if (best := numbers["best_score"]) is not None:
        parts.append(f"best {name} {best:.3f}")
    if (speed := numbers.get("images_per_s")) is not None:
        parts.append(f"{speed:.3g} images/s")
    if (memory_mb := numbers.get("memory_mb")) is not None:
        parts.append(f"{memory_mb / 1000:.1f} GB")
    return "  ".join([*parts, f"lr {rates}"])


def step_numbers(report: StepReport, state: TrainingState, timetable: Timetable, measured: Numbers) -> Numbers:
    """How it goes, for programs: where it is, the step's loss and rates, the best so far, and what was ``measured``."""
    best = state.verdicts.best_score
    rates = {"lr" if part == "all" else f"lr_{part}": lr for part, lr in report.lr.items()}
    return {
        "epoch": timetable.epoch_of(state.step),
        "epochs": timetable.epoch_of(max(state.step, timetable.total_steps)),
        "loss": report.losses["total"],
        "best_score": None if best == NOTHING_TO_FIND else best,
        **rates,
        **measured,
    }


def validation_line(found: Validation, state: TrainingState, *, improved: bool) -> str:
    """What a validation found."""
    scores = "".join(
        f"  {name} {value:.3f}" for name, value in found.metrics.items() if name in SHOWN_METRICS and value is not None
    )
    ranked = rank(found.metrics, state.best_metric) != NOTHING_TO_FIND
    best = "  (best so far)" if ranked else "  (no metric: best.pt follows the last model)"
    return f"step {state.step}: validation loss {found.losses['total']:.4g}{scores}{best if improved else ''}"


def interrupted(state: TrainingState, timetable: Timetable) -> YolozuError:
    """The training was stopped on request, and its state is saved."""
    return Interrupted.one(
        "YZ505",
        where=_place(state, timetable),
        problem="stopped on request; everything is saved",
        fix="run the same command again: it goes on from there",
    )


def skipped(report: StepReport, state: TrainingState, names: Sequence[str], *, max_skips: int) -> str:
    """A step was skipped.

    Args:
        report: of the step.
        state: after the step.
        names: of the images that it came from.
        max_skips: how many may be skipped in a row.
    """
    return (
        f"warning: step {state.step} is skipped ({state.skips.in_a_row} of at most {max_skips} in a row): "
        f"{_not_finite(report, names)}; learning rates are {state.skips.lr_factor:g} of the schedule's from here on"
    )


def non_finite(
    report: StepReport, state: TrainingState, timetable: Timetable, names: Sequence[str], *, cause: str, bundle: Path
) -> YolozuError:
    """A loss or gradient is not a finite number, and that ends the training.

    Args:
        report: of the step.
        state: after the step.
        timetable: of the training.
        names: of the images that it came from.
        cause: a clause about the first place that is not finite.
        bundle: the file that holds the step.
    """
    row = state.skips.in_a_row
    again = f", after {row} skipped step{'s' if row > 1 else ''}" if row else ""
    return UsageError.one(
        "YZ506",
        where=_place(state, timetable),
        problem=f"{_not_finite(report, names)}{again}: {cause}",
        fix=f"yolozu replay {bundle} shows more; lower lr, lengthen lr_warmup_steps, set clip_grad_norm, or set "
        "amp: none; then look at these images",
    )


def _not_finite(report: StepReport, names: Sequence[str]) -> str:
    thing = "loss" if report.non_finite == "loss" else "gradient"
    return f"the {thing} is not a finite number, on {', '.join(names)}"


def _place(state: TrainingState, timetable: Timetable) -> str:
    return f"training, optimizer step {state.step} of {timetable.total_steps}"
