"""Which results of a store runs still have, by their receipts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.engine.store.keys import key_of_receipt
from yolozu.engine.store.store import Store
from yolozu.paths import RunLayout
from yolozu.planning.receipt import Receipt, receipt_paths

if TYPE_CHECKING:
    from collections.abc import Iterator


def runs_below(directory: Path) -> Iterator[Path]:
    """Directories of all runs, at any depth and behind links, finished or only planned.

    What begins with a dot holds none.
    """
    seen: set[str] = set()
    for below, folders, _ in os.walk(directory, followlinks=True):
        place = os.path.realpath(below)
        if place in seen:  # a link to what is above it, or to another run
            folders.clear()
            continue
        seen.add(place)
        shown = (name for name in folders if not name.startswith("."))
        folders[:] = sorted(shown, key=lambda name: ((Path(below) / name).is_symlink(), name))  # a run by its own name
        if "receipts" in folders or RunLayout(Path(below)).overrides_path.is_file():
            folders.clear()
            yield Path(below)


def named_keys(runs_dir: Path) -> dict[str, list[str]]:
    """Key of a result -> names of the runs below ``runs_dir`` whose receipts say that they have it.

    Raises:
        InputError: YZ301, a receipt cannot be read: what it names is not known.
    """
    named: dict[str, list[str]] = {}
    for run in runs_below(runs_dir):
        for path in receipt_paths(run / "receipts"):
            receipt = Receipt.read(path)
            if receipt is not None:
                named.setdefault(key_of_receipt(receipt), []).append(run.relative_to(runs_dir).as_posix())
    return named


def unnamed(store: Store, named: dict[str, list[str]]) -> list[str]:
    """Keys of the results that no receipt names, whichever release has kept them."""
    return [key for key in store.all_keys() if not runs_with(store, key, named)]


def runs_with(store: Store, key: str, named: dict[str, list[str]]) -> list[str]:
    """Names of the runs that have a result."""
    receipt = store.receipt(key)
    today = key if receipt is None else key_of_receipt(receipt)
    return sorted({*named.get(key, []), *named.get(today, [])})
