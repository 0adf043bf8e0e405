"""Reservoir sampling: a random choice of a stream, of which no more is kept than the choice itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RESERVOIR_STREAM = 3
"""Sets these random numbers apart from those of order, augmentation and sizes."""


@dataclass(frozen=True)
class Reservoir:
    """What is in a reservoir after more has come.

    Attributes:
        stayed: places, in the reservoir as it was before, of what is still in it; rising.
        entered: places, in what has come, of what is in it now; rising.
        seen: length of the whole stream so far.
    """

    stayed: tuple[int, ...]
    entered: tuple[int, ...]
    seen: int


def let_in(held: int, seen: int, arriving: int, *, capacity: int, seed: int) -> Reservoir:
    """The reservoir after ``arriving`` more items of a stream of which it holds a uniform choice.

    After it every item of the stream is in the reservoir with the same probability, ``min(1, capacity / seen)``. Item
    number i (from 1) takes the place of a random one with probability ``capacity / i``. Source: Vitter, Random Sampling
    with a Reservoir, ACM TOMS 1985, algorithm R.

    A smaller ``capacity`` than before first drops items at random. A larger one grows only where the reservoir still
    holds all that it has seen: what was let go does not come back, and filling up with new items would favor them.

    Args:
        held: items in the reservoir.
        seen: items of the stream up to now, at least ``held``.
        arriving: items that come now.
        capacity: most items in the reservoir.
        seed: of the choice; the same seed draws other numbers at another place of the stream.
    """
    generator = np.random.default_rng([seed, RESERVOIR_STREAM, seen])
    stayed = np.sort(generator.permutation(held)[:capacity]) if held > capacity else np.arange(held)
    room = capacity if held == seen else min(capacity, held)
    slots = [*stayed.tolist()]  # a place below ``held`` is an old item, one from ``held`` on is a new one
    for item, number in enumerate(range(seen, seen + arriving)):
        place = len(slots) if len(slots) < room else int(generator.integers(number + 1))
        if place == len(slots) < room:
            slots.append(held + item)
        elif place < room:
            slots[place] = held + item
    return Reservoir(
        stayed=tuple(sorted(slot for slot in slots if slot < held)),
        entered=tuple(sorted(slot - held for slot in slots if slot >= held)),
        seen=seen + arriving,
    )
