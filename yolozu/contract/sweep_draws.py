"""Values drawn for the runs of a sweep: the same for the same seed, whatever else the file says."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yolozu.contract.sections.sweep import Drawn

DIGITS = 4
"""Significant digits of a drawn number: enough for any key, and short enough for the name of a run."""

TRIES = 1000
"""Draws for each run, at the most, to find one that was not drawn before."""


def draws(choices: Mapping[str, Sequence[Any] | Drawn], *, samples: int, seed: int) -> list[dict[str, int | float]]:
    """What each run is given: key -> place in its list of values, or a number of its range; no two alike.

    A number depends on seed, key and the count of draws alone, so that another key or more samples change none.
    May be fewer than ``samples``, where there are no more.
    """
    found: dict[tuple[float, ...], dict[str, float]] = {}
    keys = sorted(choices)
    for count in range(samples * TRIES):
        drawn = {key: _drawn(choices[key], Random(f"{seed}/{key}/{count}").random()) for key in keys}
        found.setdefault(tuple(drawn.values()), drawn)
        if len(found) == samples:
            break
    return list(found.values())


def _drawn(choice: Sequence[Any] | Drawn, share: float) -> int | float:
    if isinstance(choice, Sequence):
        return int(share * len(choice))
    whole = isinstance(choice.min, int) and isinstance(choice.max, int)
    low, high = (choice.min, choice.max + 1) if whole else (choice.min, choice.max)
    if choice.log:
        value = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
    else:
        value = low + share * (high - low)
    if whole:
        return min(int(value), int(choice.max))
    return rounded(value, choice)


def rounded(value: float, within: Drawn) -> float:
    """``value`` with few digits, and still in its range."""
    return min(max(float(f"{value:.{DIGITS}g}"), within.min), within.max)
