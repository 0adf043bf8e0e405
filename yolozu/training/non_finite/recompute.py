"""An optimizer step computed once more, watched, without moving anything."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch

from yolozu.matching.hungarian import NonFiniteCostError
from yolozu.optim.clip import clip_gradients
from yolozu.training.batch_sharding import Share
from yolozu.training.non_finite.locate import Anomaly, Watch, overflowing_norm, watching

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolozu.training.learner import Learner


@dataclass(frozen=True)
class BatchPart:
    """What one process had of one batch of a window; the whole batch, where there was one process.

    Attributes:
        share: its images, and how they count.
        place: of the batch in the window, from 0.
        rank: of the process.
    """

    share: Share
    place: int
    rank: int


@dataclass(frozen=True)
class RecomputedStep:
    """What computing a step gave.

    Attributes:
        losses: of each part of the window, its total and terms; empty for one that could not be matched.
        grad_norm: of all gradients, before clipping; None where a loss was not finite or scaled gradients are not
            judged.
        anomaly: the first place that was not finite, or None.
    """

    losses: tuple[dict[str, float], ...]
    grad_norm: float | None
    anomaly: Anomaly | None

    @property
    def non_finite(self) -> Literal["loss", "grad"] | None:
        """What would have kept the step from being taken."""
        if not _all_finite(self.losses):
            return "loss"
        return "grad" if self.grad_norm is not None and not math.isfinite(self.grad_norm) else None


def recompute(learner: Learner, parts: Sequence[BatchPart], step: int) -> RecomputedStep:
    """Compute step ``step`` (from 0) with the weights as they are and the random numbers that it has.

    Modules run one by one, never compiled, so that each can be looked at; the parts of several processes run one after
    the other, each with the statistics of its own images.
    """
    with learner.recomputing(step), watching(learner.detector) as watch:
        losses = tuple(_losses_of_part(learner, part, step, watch) for part in parts)
        norm, anomaly = None, watch.found
        if learner.judges_gradients and _all_finite(losses):
            parameters = learner.parameters()
            norm = float(clip_gradients(list(parameters.values()), max_norm=0.0))
            if anomaly is None and not math.isfinite(norm):
                anomaly = overflowing_norm(parameters)
    return RecomputedStep(losses, norm, anomaly)


def _losses_of_part(learner: Learner, part: BatchPart, step: int, watch: Watch) -> dict[str, float]:
    watch.begin(part.place + 1)
    try:
        total, terms = learner.losses_of(part.share, step, part.place, part.rank)
    except NonFiniteCostError as error:
        place = error.findings[0].where
        watch.note("cost", "matcher", f"the matching costs of {place} are not finite, of outputs that are", {})
        return {}
    watch.losses(total, terms)
    if learner.judges_gradients and bool(torch.isfinite(total)):
        torch.autograd.backward(total * part.share.weight)
    return {name: float(value) for name, value in {"total": total.detach(), **terms}.items()}


def _all_finite(losses: Sequence[dict[str, float]]) -> bool:
    return all(math.isfinite(terms.get("total", math.nan)) for terms in losses)
