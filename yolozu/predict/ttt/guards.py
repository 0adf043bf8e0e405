"""Limits on what adaptation may do, and what is said when one is broken."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from yolozu.contract.sections.ttt_presets import Limits

Reason = Literal[
    "non_finite_loss",
    "non_finite_gradient",
    "loss_ratio",
    "loss_increase",
    "grad_norm",
    "update_norm",
    "total_update_norm",
]


@dataclass(frozen=True)
class Breach:
    """A limit that was broken.

    Attributes:
        reason: which one.
        value: what was measured; None where it is no finite number.
        limit: what was allowed; None where any finite number is.
    """

    reason: Reason
    value: float | None
    limit: float | None

    @property
    def is_non_finite(self) -> bool:
        """Whether there was no number to hold against anything."""
        return self.reason in {"non_finite_loss", "non_finite_gradient"}


def loss_breach(limits: Limits, loss: float, first: float) -> Breach | None:
    """What a loss breaks, given the first one since the last reset."""
    if not math.isfinite(loss):
        return Breach("non_finite_loss", None, None)
    if limits.loss_ratio is not None and first > 0.0 and loss / first > limits.loss_ratio:
        return Breach("loss_ratio", loss / first, limits.loss_ratio)
    if limits.loss_increase is not None and loss - first > limits.loss_increase:
        return Breach("loss_increase", loss - first, limits.loss_increase)
    return None


def gradient_breach(limits: Limits, norm: float) -> Breach | None:
    """What a gradient of this norm breaks."""
    if not math.isfinite(norm):
        return Breach("non_finite_gradient", None, None)
    return _above("grad_norm", norm, limits.grad_norm)


def update_breach(limits: Limits, norm: float, total: float) -> Breach | None:
    """What a step breaks that changed parameters by ``norm``, and by ``total`` with all before it."""
    return _above("update_norm", norm, limits.update_norm) or _above(
        "total_update_norm", total, limits.total_update_norm
    )


def _above(reason: Reason, value: float, limit: float | None) -> Breach | None:
    # A value that is no number is above every limit, and so is one without a limit: weights must stay numbers.
    allowed = math.inf if limit is None else limit
    if math.isfinite(value) and value <= allowed:
        return None
    return Breach(reason, value if math.isfinite(value) else None, limit)
