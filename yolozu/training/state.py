"""Where a training stands: everything besides tensors that its future depends on."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from yolozu.training.learner import StepReport

METRIC = "map50_95"
"""What chooses the best checkpoint and stops early where nothing else is chosen, and in states of early releases."""

NOTHING_TO_FIND = -1.0
"""Rank of validation images without any object, where the metric is not defined: below every number.

Such validations choose nothing. While there is no other, each takes the best checkpoint's place, which so is the last
one; after one with a metric, none does. They say nothing of progress either, so early stopping passes them over.
"""


@dataclass
class Verdicts:
    """What validations have decided so far.

    Attributes:
        best_score: highest rank, None before the first validation.
        best_step: optimizer steps at that validation.
        best_digest: SHA-256 of the file with those weights.
        stop_score: rank that early stopping measures progress from.
        without_progress: validations since then that did not exceed it by enough.
        validated_step: optimizer steps at the last validation.
        metrics: what it measured.
        stopped_early: whether patience has run out.
    """

    best_score: float | None = None
    best_step: int | None = None
    best_digest: str | None = None
    stop_score: float | None = None
    without_progress: int = 0
    validated_step: int | None = None
    metrics: dict[str, float | None] = field(default_factory=dict)
    stopped_early: bool = False

    def improves(self, score: float) -> bool:
        """Whether the model of ``score`` becomes the best: strictly better than all before, or nothing to choose by."""
        return self.best_score is None or score > self.best_score or self.best_score == NOTHING_TO_FIND

    def count(self, score: float, *, patience: int, min_delta: float) -> None:
        """Take note of a validation for early stopping."""
        if score == NOTHING_TO_FIND:
            return
        if self.stop_score is None or score > self.stop_score + min_delta:
            self.stop_score, self.without_progress = score, 0
        else:
            self.without_progress += 1
        self.stopped_early = patience > 0 and self.without_progress >= patience


@dataclass
class EpochSums:
    """Losses of the running epoch's steps, weighted by their images.

    Attributes:
        images: images so far.
        losses: name -> sum of loss times images.
    """

    images: int = 0
    losses: dict[str, float] = field(default_factory=dict)

    def add(self, report: StepReport) -> None:
        """Count one step."""
        self.images += report.images
        for name, value in report.losses.items():
            self.losses[name] = self.losses.get(name, 0.0) + value * report.images

    def means(self) -> dict[str, float]:
        """Mean losses per image of the epoch; none where every step was skipped."""
        return {name: total / self.images for name, total in self.losses.items()}


@dataclass
class Skips:
    """Steps that were skipped because a loss or gradient was not finite.

    Attributes:
        in_a_row: skipped since the last step that moved something.
        lr_factor: on all learning rates from here on.
    """

    in_a_row: int = 0
    lr_factor: float = 1.0

    def add(self, *, decay: float) -> None:
        """Count a skipped step; later ones are smaller by ``decay``."""
        self.in_a_row += 1
        self.lr_factor *= decay

    def end_row(self) -> None:
        """A step moved something: the count begins anew, the factor stays."""
        self.in_a_row = 0


@dataclass
class TrainingState:
    """Position, verdicts and rows written.

    Attributes:
        step: optimizer steps done; epoch and place inside it follow from it.
        verdicts: of validations.
        sums: of the running epoch.
        train_rows: rows in the training metrics.
        val_rows: rows in the validation metrics.
        before_end: verdicts and ``val_rows`` before a validation that only took place because training ended there; a
            longer training of the same contract would not have had it.
        skips: steps that moved nothing.
        best_metric: what validations are ranked by, from the first to the last: a metric, or several with ``+`` between
            them, of which the mean counts.
    """

    step: int = 0
    verdicts: Verdicts = field(default_factory=Verdicts)
    sums: EpochSums = field(default_factory=EpochSums)
    train_rows: int = 0
    val_rows: int = 0
    before_end: BeforeEnd | None = None
    skips: Skips = field(default_factory=Skips)
    best_metric: str = METRIC

    def to_json(self) -> dict[str, Any]:
        """JSON values that `from_json` reads back exactly."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The state that `to_json` gave.

        Raises:
            ValueError: another version of the code gave it, whose states hold other things.
        """
        own = {entry.name for entry in fields(cls)}
        values = {"best_metric": METRIC, **values}  # release 0.1.0 knew no other
        if set(values) != own:
            other = ", ".join(sorted(own ^ set(values)))
            raise ValueError(f"its state is of another version of yolozu, with or without {other}")
        before = values["before_end"]
        return cls(
            step=values["step"],
            verdicts=Verdicts(**values["verdicts"]),
            sums=EpochSums(**values["sums"]),
            train_rows=values["train_rows"],
            val_rows=values["val_rows"],
            before_end=None if before is None else BeforeEnd(Verdicts(**before["verdicts"]), before["val_rows"]),
            skips=Skips(**values["skips"]),
            best_metric=values["best_metric"],
        )

    def with_patience(self, patience: int) -> None:
        """Take an early stop back, and the row that tells of it, where the patience is longer by now; 0 never ends."""
        if self.verdicts.stopped_early and (patience == 0 or self.verdicts.without_progress < patience):
            self.verdicts.stopped_early = False
            self.val_rows -= 1

    def forget_end(self) -> None:
        """Go back to before the closing validation, because training goes on after all."""
        if self.before_end is not None:
            self.verdicts, self.val_rows = self.before_end.verdicts, self.before_end.val_rows
            self.before_end = None


@dataclass
class BeforeEnd:
    """What a closing validation replaced."""

    verdicts: Verdicts
    val_rows: int


def rank(metrics: dict[str, float | None], by: str = METRIC) -> float:
    """The number by which validations are compared.

    Args:
        metrics: of one validation; None for what the images do not define.
        by: `TrainingState.best_metric`.

    Returns:
        The mean of those of its metrics that are defined; NOTHING_TO_FIND where none is.
    """
    scores = [score for score in (metrics[name] for name in by.split("+")) if score is not None]
    return sum(scores) / len(scores) if scores else NOTHING_TO_FIND
