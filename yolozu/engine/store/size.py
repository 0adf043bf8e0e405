"""How much of the disk the store holds for nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.engine.store.named import named_keys, unnamed
from yolozu.engine.store.store import bytes_below
from yolozu.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from yolozu.engine.store.store import Store

TOLD_ABOVE = 10_000_000_000
"""Bytes that may lie there before the end of a build tells of them."""


def held_for_nobody(store: Store, runs_dir: Path, *, above: int = TOLD_ABOVE) -> str | None:
    """The line that says so where more than ``above`` bytes are held by no run; None where there are less."""
    if bytes_below(store.directory, alone=True) <= above:  # cheap, and nearly always the answer
        return None
    try:
        keys = unnamed(store, named_keys(runs_dir))
    except InputError:  # `yolozu store gc` says which receipt cannot be read
        return None
    size = sum(bytes_below(store.entry(key), alone=True) for key in keys)
    if size <= above:
        return None
    return f"{size_in_words(size)} in {store.directory} are of no run any more: yolozu store gc deletes them"


def size_in_words(size: int) -> str:
    """``512 B``, ``1.5 MB``: units of 1000."""
    amount, units = float(size), ["B", "kB", "MB", "GB", "TB"]
    while amount >= 999.95 and len(units) > 1:
        amount, units = amount / 1000, units[1:]
    return f"{size} B" if units[0] == "B" else f"{amount:.1f} {units[0]}"
