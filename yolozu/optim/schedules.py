"""Learning rates as pure functions of the optimizer step: there is no scheduler state to save or to lose."""

from __future__ import annotations

import math
from dataclasses import dataclass

from yolozu.optim.registry import SCHEDULES

ONECYCLE_RISE = 0.3
ONECYCLE_DIV = 25.0
ONECYCLE_FINAL_DIV = 1e4


@dataclass(frozen=True)
class Schedule:
    """The base learning rate at every optimizer step; each parameter group multiplies it by its own factor.

    Step 0 is the first optimizer step, ``total_steps - 1`` the last. Milestones and warm-up count from step 0.

    Attributes:
        name: which schedule, as in the registry.
        lr: base (for onecycle: highest) learning rate.
        total_steps: optimizer steps in all, at least 1.
        min_lr: learning rate of cosine's last step.
        milestones: steps from which multistep is multiplied by ``gamma`` once more, rising.
        gamma: factor of each milestone.
        warmup_steps: the learning rate rises linearly until this step; onecycle ignores it.
        warmup_init: learning rate at step 0 of a warm-up.
    """

    name: str
    lr: float
    total_steps: int
    min_lr: float = 0.0
    milestones: tuple[int, ...] = ()
    gamma: float = 0.1
    warmup_steps: int = 0
    warmup_init: float = 0.0

    def at(self, step: int) -> float:
        """Learning rate of optimizer step ``step``.

        Raises:
            UsageError: YZ901 there is no such schedule.
        """
        assert 0 <= step < self.total_steps, f"step {step} of {self.total_steps}"
        return float(SCHEDULES.load(self.name)(self, step))


def constant(schedule: Schedule, step: int) -> float:
    """``lr``, after a straight line from ``warmup_init`` at step 0 to it at step ``warmup_steps``."""
    if step >= schedule.warmup_steps:
        return schedule.lr
    start, end = schedule.warmup_init, schedule.lr
    return start + (end - start) * (step / schedule.warmup_steps)


def multistep(schedule: Schedule, step: int) -> float:
    """`constant`, times ``gamma`` for every milestone that is reached."""
    return constant(schedule, step) * schedule.gamma ** sum(step >= milestone for milestone in schedule.milestones)


def cosine(schedule: Schedule, step: int) -> float:
    """After the warm-up, half a cosine from ``lr`` to exactly ``min_lr`` at the last step.

    min_lr + (lr - min_lr) (1 + cos(pi p)) / 2 with p = (step - warmup_steps) / (last step - warmup_steps).
    Source: Loshchilov and Hutter, SGDR, 2017, eq. 5, one period. Where both steps are the same one, it is ``min_lr``.
    """
    first, last = schedule.warmup_steps, schedule.total_steps - 1
    if step < first:
        return constant(schedule, step)
    return schedule.min_lr if step >= last else _annealed(schedule.lr, schedule.min_lr, (step - first) / (last - first))


def one_cycle(schedule: Schedule, step: int) -> float:
    """Cosine up from ``lr / 25`` over the first 30 % of the steps, then cosine down to ``lr / 250000`` at the last.

    Source: Smith and Topin, Super-Convergence, 2018, in the two-phase form and with the numbers of
    ``torch.optim.lr_scheduler.OneCycleLR``; momentum is left alone.
    """
    bottom = schedule.lr / ONECYCLE_DIV
    top_step, last_step = ONECYCLE_RISE * schedule.total_steps - 1.0, schedule.total_steps - 1
    if step <= top_step:
        return _annealed(bottom, schedule.lr, step / top_step)
    return _annealed(schedule.lr, bottom / ONECYCLE_FINAL_DIV, (step - top_step) / (last_step - top_step))


def _annealed(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (1.0 + math.cos(math.pi * progress)) / 2.0
