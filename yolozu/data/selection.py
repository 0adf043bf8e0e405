"""Which images a subset holds: a function of their names, a seed, and how many are wanted."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Set


def choose(classes_of: Mapping[str, Set[int]], *, seed: int, count: int | None, per_class: int | None) -> list[str]:
    """Names of the chosen images, sorted.

    Images are taken in the order of the SHA-256 of seed and name, so that neither the order of files nor other images
    change the order of two, and the first of a larger subset are the smaller one. With ``per_class``, an image comes
    first if one of its classes is still on fewer than so many images.

    Args:
        classes_of: network class indices on each image, by name.
        seed: gives another order.
        count: how many; None means no more than ``per_class`` asks for. Fewer are returned where there are no more.
        per_class: images that each class shall be on, as far as there are so many.

    Returns:
        At least what ``per_class`` asks for, which may be more than ``count``.
    """
    order = sorted(classes_of, key=lambda name: hashlib.sha256(f"{seed}\0{name}".encode()).digest())
    chosen = order[:0] if per_class is None else _covering(order, classes_of, per_class)
    taken = set(chosen)
    missing = 0 if count is None else max(0, count - len(chosen))
    others = [name for name in order if name not in taken]
    return sorted([*chosen, *others[:missing]])


def _covering(order: list[str], classes_of: Mapping[str, Set[int]], per_class: int) -> list[str]:
    seen: Counter[int] = Counter()
    chosen = []
    for name in order:
        if any(seen[index] < per_class for index in classes_of[name]):
            chosen.append(name)
            seen.update(classes_of[name])
    return chosen
