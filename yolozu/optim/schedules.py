"""Learning rates as pure functions of the optimizer step: there is no scheduler state to save or to lose."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

SCHEDULES_OF_TOTAL = ("cosine", "onecycle")
"""Schedules whose every step depends on the total: a finished run cannot be extended without bending its past."""

ONECYCLE_RISE = 0.3
ONECYCLE_DIV = 25.0
ONECYCLE_FINAL_DIV = 1e4


@dataclass(frozen=True)
class Schedule:
    """The base learning rate at every optimizer step; each parameter group multiplies it by its own factor.

    Step 0 is the first optimizer step, ``total_steps - 1`` the last. Milestones and warm-up count from step 0.

    Attributes:
        name: ``none``, ``cosine``, ``onecycle`` or ``multistep``.
        lr: base (for onecycle: highest) learning rate.
        total_steps: optimizer steps in all, at least 1.
        min_lr: learning rate of cosine's last step.
        milestones: steps from which multistep is multiplied by ``gamma`` once more, rising.
        gamma: factor of each milestone.
        warmup_steps: the learning rate rises linearly until this step; onecycle ignores it.
        warmup_init: learning rate at step 0 of a warm-up.
    """

    name: Literal["none", "cosine", "onecycle", "multistep"]
    lr: float
    total_steps: int
    min_lr: float = 0.0
    milestones: tuple[int, ...] = ()
    gamma: float = 0.1
    warmup_steps: int = 0
    warmup_init: float = 0.0

    def at(self, step: int) -> float:
        """Learning rate of optimizer step ``step``."""
        assert 0 <= step < self.total_steps, f"step {step} of {self.total_steps}"
        if self.name == "onecycle":
            return one_cycle(step, peak=self.lr, total_steps=self.total_steps)
        if self.name == "multistep":
            warm = warm_up(step, until=self.warmup_steps, start=self.warmup_init, end=self.lr)
            return warm * self.gamma ** sum(step >= milestone for milestone in self.milestones)
        if self.name == "cosine" and step >= self.warmup_steps:
            return cosine(
                step, start_step=self.warmup_steps, last_step=self.total_steps - 1, high=self.lr, low=self.min_lr
            )
        assert self.name in ("none", "cosine"), f"schedule {self.name!r} is none of those that are known here"
        return warm_up(step, until=self.warmup_steps, start=self.warmup_init, end=self.lr)


def warm_up(step: int, *, until: int, start: float, end: float) -> float:
    """Straight line from ``start`` at step 0 to ``end`` at step ``until``, and ``end`` from there on."""
    return end if step >= until else start + (end - start) * (step / until)


def cosine(step: int, *, start_step: int, last_step: int, high: float, low: float) -> float:
    """Half a cosine from ``high`` at ``start_step`` to exactly ``low`` at ``last_step``.

    low + (high - low) (1 + cos(pi p)) / 2 with p = (step - start_step) / (last_step - start_step).
    Source: Loshchilov and Hutter, SGDR, 2017, eq. 5, one period. Where both steps are the same one, it is ``low``.
    """
    if step >= last_step:
        return low
    progress = (step - start_step) / (last_step - start_step)
    return low + (high - low) * (1.0 + math.cos(math.pi * progress)) / 2.0


def one_cycle(step: int, *, peak: float, total_steps: int) -> float:
    """Cosine up from ``peak / 25`` over the first 30 % of the steps, then cosine down to ``peak / 250000`` at the last.

    Source: Smith and Topin, Super-Convergence, 2018, in the two-phase form and with the numbers of
    ``torch.optim.lr_scheduler.OneCycleLR``; momentum is left alone.
    """
    bottom = peak / ONECYCLE_DIV
    top_step, last_step = ONECYCLE_RISE * total_steps - 1.0, total_steps - 1
    if step <= top_step:
        return _annealed(bottom, peak, step / top_step)
    return _annealed(peak, bottom / ONECYCLE_FINAL_DIV, (step - top_step) / (last_step - top_step))


def _annealed(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (1.0 + math.cos(math.pi * progress)) / 2.0
