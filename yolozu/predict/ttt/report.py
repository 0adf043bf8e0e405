"""``ttt.json``: how a network adapted, what it was worth, and what it cost."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from yolozu.artifacts.record import Record
from yolozu.predict.ttt.guards import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from yolozu.predict.ttt.session import TttRun
    from yolozu.structures.predictions import ImagePredictions

    Score = Callable[[Sequence[ImagePredictions]], dict[str, float | None]]
    """Metrics of predictions, where there is ground truth to hold them against."""


class TttLimits(Record):
    """What would have ended adaptation; null sets no limit."""

    grad_norm: float | None
    """Norm of the gradient."""

    update_norm: float | None
    """Norm of one step's change."""

    total_update_norm: float | None
    """Norm of the change since the last reset."""

    loss_ratio: float | None
    """Loss relative to the first since the last reset."""

    loss_increase: float | None
    """Loss minus the first since the last reset."""


class TttSettingsRecord(Record):
    """How the network adapted: what was given, what its preset and its method filled in."""

    preset: str | None
    """The preset; null for none."""

    method: str
    """What was minimized."""

    update_filter: str
    """Which parameters could adapt."""

    include: list[str]
    """Patterns of names that could."""

    exclude: list[str]
    """Patterns of names that could not."""

    reset: Literal["sample", "stream"]
    """When the network was restored."""

    steps: int
    """Optimizer steps per batch."""

    batch_size: int
    """Images per adaptation batch."""

    max_batches: int | None
    """Most adaptation batches."""

    lr: float
    """Learning rate of Adam."""

    norm_weight: float
    """Weight of one picture's statistics in BatchNorm layers."""

    seed: int
    """Seed of masks and fresh adapters."""

    stop_on_non_finite: bool
    """Whether a loss that is no finite number ended adaptation."""

    rollback_on_stop: bool
    """Whether the step that broke a limit was undone."""

    limits: TttLimits
    """What would have ended adaptation."""

    mim_mask_prob: float | None
    """Share of hidden patches; null hides as in training."""


class TttStep(Record):
    """One optimizer step, or the try of one."""

    loss: float | None
    """Loss before it; null where it was no finite number."""

    grad_norm: float | None
    """Norm of the gradient; null where there was none."""

    update_norm: float | None
    """Norm of what it changed; null where it changed nothing."""

    total_update_norm: float | None
    """Norm of what changed since the last reset."""


class TttStop(Record):
    """A limit that was broken."""

    reason: Reason
    """Which one."""

    value: float | None
    """What was measured; null where it was no finite number."""

    limit: float | None
    """What was allowed."""

    ended: bool
    """Whether adaptation ended there, until the next reset."""

    rolled_back: bool
    """Whether the last accepted state was restored, bit for bit."""


class TttBatch(Record):
    """One adaptation batch."""

    images: list[str]
    """Its images."""

    steps: list[TttStep]
    """Its steps."""

    stop: TttStop | None
    """The limit that was broken; null for none."""


class TttResult(Record):
    """What was found, with or without adaptation."""

    detections: int = Field(ge=0)
    """Detections."""

    mean_score: float | None
    """Mean of their scores."""

    metrics: dict[str, float | None] | None
    """What evaluation says; null without ground truth."""


class TttCost(Record):
    """What adapting cost, seconds on the clock."""

    adapt_s: float
    """Adapting, with the reading of its images."""

    predict_s: float
    """Predicting with what was learned."""

    no_adapt_s: float
    """Predicting with the network as it is."""

    ratio: float
    """The first two together over the third."""

    steps: int
    """Optimizer steps taken."""


class TttReport(Record):
    """Test-time training of one predictions file."""

    schema_version: Literal[1] = 1
    """Version of this layout."""

    timestamp: str
    """When it was measured, UTC, ISO 8601."""

    settings: TttSettingsRecord
    """How the network adapted."""

    parameters: dict[str, int]
    """Parameters that adapted: name -> number of elements."""

    fresh_adapters: list[str]
    """Layers that had LoRA adapters for the time."""

    norm_layers: int
    """BatchNorm layers whose statistics moved."""

    images: int
    """Images predicted."""

    adapted_images: int
    """Images adapted to."""

    stops: dict[str, int]
    """Limit -> how often it was broken."""

    loss_first: float | None
    """Mean loss before the first step since a reset."""

    loss_last: float | None
    """Mean loss of the last step before a reset."""

    no_adapt: TttResult
    """The same images predicted by the network as it is."""

    adapted: TttResult
    """With adaptation."""

    cost: TttCost
    """What it cost."""

    batches: list[TttBatch]
    """Every adaptation batch, in order."""

    def in_a_line(self) -> str:
        """Method, what it was worth and what it cost, in words."""
        settings, cost = self.settings, self.cost
        said = f"ttt {settings.method} ({settings.update_filter}, {settings.reset}): "
        before, after = (_map(found) for found in (self.no_adapt, self.adapted))
        if before is not None and after is not None:
            said += f"map50_95 {before:.4f} -> {after:.4f}, "
        stops = ", ".join(f"{count} x {reason}" for reason, count in self.stops.items())
        return f"{said}{cost.steps} steps, {cost.ratio:.1f} times the time" + (f"; stopped by {stops}" if stops else "")

    def summary(self) -> dict[str, Any]:
        """What a receipt keeps: metrics without and with adaptation, what it cost, and limits that were broken."""
        worth = {"no_adapt": _map(self.no_adapt), "adapted": _map(self.adapted)}
        return {"map50_95": worth, "cost": self.cost.ratio, "steps": self.cost.steps, "stops": self.stops}


def ttt_report(run: TttRun, score: Score | None) -> TttReport:
    """What came of a run; ``score`` measures predictions where there is ground truth."""
    settings = run.settings
    first, last = _losses(run)
    taken = sum(step.update_norm is not None for batch in run.batches for step in batch.steps)
    return TttReport(
        timestamp=datetime.now(UTC).isoformat(timespec="seconds"),
        settings=TttSettingsRecord(
            **{
                **vars(settings),
                "include": [*settings.include],
                "exclude": [*settings.exclude],
                "limits": TttLimits(**vars(settings.limits)),
            }
        ),
        parameters=run.parameters,
        fresh_adapters=run.adapted_layers,
        norm_layers=run.norm_layers,
        images=len(run.predictions),
        adapted_images=sum(len(batch.images) for batch in run.batches),
        stops=dict(Counter(batch.stop.reason for batch in run.batches if batch.stop is not None)),
        loss_first=first,
        loss_last=last,
        no_adapt=_result(run.no_adapt, score),
        adapted=_result(run.predictions, score),
        cost=TttCost(
            adapt_s=round(run.adapt_s, 3),
            predict_s=round(run.predict_s, 3),
            no_adapt_s=round(run.no_adapt_s, 3),
            ratio=round((run.adapt_s + run.predict_s) / max(run.no_adapt_s, 1e-9), 3),
            steps=taken,
        ),
        batches=run.batches,
    )


def _map(found: TttResult) -> float | None:
    return None if found.metrics is None else found.metrics["map50_95"]


def _result(predictions: Sequence[ImagePredictions], score: Score | None) -> TttResult:
    scores = [value for entry in predictions for value in entry.scores.tolist()]
    return TttResult(
        detections=len(scores),
        mean_score=sum(scores) / len(scores) if scores else None,
        metrics=None if score is None else score(predictions),
    )


def _losses(run: TttRun) -> tuple[float | None, float | None]:
    """Mean of the first losses of all adaptations, and of the last ones."""
    losses = [[step.loss for step in batch.steps if step.loss is not None] for batch in run.batches]
    if run.settings.reset == "stream":
        losses = [[loss for batch in losses for loss in batch]]
    known = [batch for batch in losses if batch]
    if not known:
        return None, None
    return sum(batch[0] for batch in known) / len(known), sum(batch[-1] for batch in known) / len(known)
