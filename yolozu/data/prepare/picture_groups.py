"""Pictures that belong together: copies of one another, and those whose names say so."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence


def joined(names: Sequence[str], belonging: Iterable[Iterable[str]]) -> list[list[str]]:
    """Every name once, in groups: two names are in one if a chain of sets in ``belonging`` leads from one to the other.

    Args:
        names: all of them, in the order that is kept.
        belonging: sets of names that belong together; they may overlap.
    """
    leader = {name: name for name in names}

    def find(name: str) -> str:
        while leader[name] != name:
            leader[name] = name = leader[leader[name]]
        return name

    for together in belonging:
        first, *others = together
        for other in others:
            leader[find(other)] = find(first)
    groups = defaultdict[str, list[str]](list)
    for name in names:
        groups[find(name)].append(name)
    return list(groups.values())


def alike(keys: Mapping[str, Hashable | None]) -> list[list[str]]:
    """Names with the same key, where there are two or more; None is no key."""
    found = defaultdict[Hashable, list[str]](list)
    for name, key in keys.items():
        if key is not None:
            found[key].append(name)
    return [group for group in found.values() if len(group) > 1]


def key_in(name: str, pattern: re.Pattern[str]) -> str | tuple[str | None, ...] | None:
    """What ``pattern`` finds in a name: its groups, or all that it matches where it has none; None if nothing."""
    found = pattern.search(name)
    return None if found is None else found.groups() or found[0]
