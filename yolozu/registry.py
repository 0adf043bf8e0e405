"""Tables of components that can be read: name -> where its code lives, imported on first use."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from yolozu.errors import UsageError

LONGEST_SLIP = 256
"""A longer word is no slip of anything known, and comparing it may take seconds."""


def nearest(word: str, known: list[str]) -> str | None:
    """The known word most like ``word``, or None where nothing comes close."""
    if len(word) > LONGEST_SLIP:
        return None
    matches = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return matches[0] if matches else None


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
