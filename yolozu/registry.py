"""Tables of components that can be read: name -> where its code lives, imported on first use."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from yolozu.errors import UsageError

LONGEST_SLIP = 256
"""A longer word is no slip of anything known, and comparing it may take seconds."""


LETTERS_PER_TYPO = 4
"""A name is nearly another one if it is one slip away for every so many of its letters."""

LEAST_PART = 3
"""Letters of a part of a name that says enough to mean the whole of it."""


def nearest(word: str, known: list[str]) -> str | None:
    """The known word most like ``word``; None where none is a slip away or has it as a part: a guess would mislead."""
    if len(word) > LONGEST_SLIP:
        return None
    small, names = word.lower(), {name.lower(): name for name in known}
    matches = difflib.get_close_matches(small, names, n=8, cutoff=0.6)
    near = [match for match in matches if _is_slip(small, match) or _is_part(small, match)]
    return names[min(near, key=lambda match: edit_distance(small, match))] if near else None


def _is_slip(word: str, meant: str) -> bool:
    return is_typo(word, meant) or (len(word) >= LEAST_PART and edit_distance(word, meant) <= 1)


def _is_part(word: str, whole: str) -> bool:
    """Whether ``word`` begins or ends a name of several parts, such as ``workers`` in ``num_workers``."""
    return len(word) >= LEAST_PART and (
        whole.startswith((f"{word}_", f"{word}-")) or whole.endswith((f"_{word}", f"-{word}"))
    )


def is_typo(typed: str, meant: str) -> bool:
    """Whether one name is nearly the other."""
    return edit_distance(typed, meant) <= max(len(typed), len(meant)) // LETTERS_PER_TYPO


def edit_distance(typed: str, meant: str) -> int:
    """How many letters were left out, added, exchanged, or swapped with their neighbor (optimal string alignment)."""
    before, last = [0] * (len(meant) + 1), list(range(len(meant) + 1))
    for i, letter in enumerate(typed, start=1):
        row = [i]
        for j, other in enumerate(meant, start=1):
            least = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != other))
            if i > 1 and j > 1 and (letter, typed[i - 2]) == (meant[j - 2], other):
                least = min(least, before[j - 2] + 1)
            row.append(least)
        before, last = last, row
    return last[-1]


class Registry:
    """An explicit table ``name -> "module:attribute"``.

    Nothing registers itself on import: the table is the whole truth, and listing names imports no component.
    """

    def __init__(self, kind: str, table: Mapping[str, str]) -> None:
        self.kind = kind
        self._table = dict(table)

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __contains__(self, name: str) -> bool:
        return name in self._table

    def __len__(self) -> int:
        return len(self._table)

    def location(self, name: str) -> str:
        """Where ``name`` lives, as ``module:attribute``.

        Raises:
            UsageError: YZ901 when there is no such name; the fix offers the nearest one.
        """
        if name not in self._table:
            guess = nearest(name, list(self._table))
            known = ", ".join(self._table)
            raise UsageError.one(
                "YZ901",
                where=f"{self.kind} {name!r}",
                problem=f"no such {self.kind}",
                fix=f"did you mean {guess!r}? Known: {known}" if guess else f"choose one of: {known}",
            )
        return self._table[name]

    def load(self, name: str) -> Any:
        """Import and return the component."""
        module, _, attribute = self.location(name).partition(":")
        return getattr(import_module(module), attribute)
