"""Axes of charts: where ticks stand, and how numbers are written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
"""Of a power of ten: distances between ticks that people can read."""
STEPS_OF_COUNTS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class Scale:
    """Values onto a length.

    Attributes:
        low: value at the start.
        high: value at the end; above ``low``.
        ticks: values between them that are written out.
        step: distance of ticks.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    step: float

    def at(self, value: float) -> float:
        """The place of a value: 0 at the start, 1 at the end."""
        return (value - self.low) / (self.high - self.low)

    def label(self, tick: float) -> str:
        """A tick in as few digits as tell it from its neighbors."""
        largest = max(abs(self.low), abs(self.high))
        if largest >= 1e5 or (largest < 1e-2 and largest > 0.0):
            return f"{tick:.3g}" if tick else "0"
        decimals = max(0, -math.floor(math.log10(self.step) + 1e-9) + (round(self.step, 9) in _QUARTERS))
        return f"{tick:.{decimals}f}"


_QUARTERS = frozenset(round(2.5 * 10.0**power, 9) for power in range(-6, 1))


def scale_over(values: Sequence[float], *, from_zero: bool = False, most: int = 5) -> Scale:
    """A scale with round ends that holds all values.

    Args:
        values: finite; at least one.
        from_zero: whether it begins at 0.
        most: distances between ticks, at most.
    """
    low, high = min(values), max(values)
    low = min(low, 0.0) if from_zero else low
    if low == high:
        low, high = (low - 0.5 * abs(low), high + 0.5 * abs(high)) if low else (0.0, 1.0)
    step = _step((high - low) / most)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(step * number for number in range(first, last + 1))
    return Scale(ticks[0], ticks[-1], ticks, step)


def unit_scale() -> Scale:
    """From 0 to 1."""
    return Scale(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0), 0.25)


def count_scale(last: float, *, most: int = 5) -> Scale:
    """From 0 to exactly ``last``, such as steps of a training; ticks at round whole numbers."""
    step = _step(max(last / most, 1.0), STEPS_OF_COUNTS)
    ticks = tuple(step * number for number in range(int(last / step) + 1))
    return Scale(0.0, max(last, 1.0), ticks, step)


def _step(least: float, steps: Sequence[float] = STEPS) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * step for step in steps if power * step >= least * (1.0 - 1e-9))
