"""What `yolozu store` shows, deletes and checks: results that are kept by what they were made of."""

from __future__ import annotations

import re
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yolozu.artifacts.digest import DigestCache
from yolozu.engine.store.named import named_keys, runs_with, unnamed
from yolozu.engine.store.store import CAME_FROM, DAMAGED, Store, bytes_below
from yolozu.errors import UsageError
from yolozu.paths import RUNS_DIR, store_path

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = {"m": 60, "h": 3600, "d": 86400}
LEFT_AFTER_S = SECONDS["d"]
"""How old what a killed builder has left behind must be before it is deleted."""


@dataclass(frozen=True)
class StoredResult:
    """One result of the store.

    Attributes:
        key: its key.
        stage: that gave it; None where its receipt cannot be read.
        made_by: the run that made it.
        runs: that have it now, by their receipts.
        size: in bytes.
        age_s: seconds since it was kept.
    """

    key: str
    stage: str | None
    made_by: str | None
    runs: tuple[str, ...]
    size: int
    age_s: float


@dataclass(frozen=True)
class Collected:
    """What deleting the results that no run has came to, or would come to.

    Attributes:
        keys: that are deleted.
        freed: bytes that the disk gets back: files that runs elsewhere hold links to give none.
    """

    keys: tuple[str, ...]
    freed: int


def stored_results(store: Store | None = None) -> list[StoredResult]:
    """All results of the own store, by stage, the latest first.

    Raises:
        InputError: YZ301, a receipt of a run cannot be read.
    """
    store, now = _own(store), time.time()
    named = named_keys(RUNS_DIR)
    found = []
    for key in store.all_keys():
        receipt = store.receipt(key)
        found.append(
            StoredResult(
                key,
                None if receipt is None else receipt.stage,
                None if receipt is None else receipt.ran_on.get(CAME_FROM),
                tuple(runs_with(store, key, named)),
                store.size(key),
                max(0.0, now - store.kept_at(key)),
            )
        )
    return sorted(found, key=lambda one: (one.stage or "", one.age_s))


def collect(*, older_than_s: float = 0.0, dry_run: bool = False, store: Store | None = None) -> Collected:
    """Delete the results that no receipt of a run below ``runs/`` names.

    Args:
        older_than_s: only those that were kept at least so many seconds ago.
        dry_run: delete nothing, only say what would be.
        store: which; None means the own one.

    Raises:
        InputError: YZ301, a receipt cannot be read; nothing is deleted.
    """
    store, now = _own(store), time.time()
    keys = tuple(key for key in unnamed(store, named_keys(RUNS_DIR)) if now - store.kept_at(key) >= older_than_s)
    others = _left_behind(store, now)
    freed = sum(bytes_below(place, alone=True) for place in (*(store.entry(key) for key in keys), *others))
    if not dry_run:
        for key in keys:
            store.remove(key)
        for place in others:
            shutil.rmtree(place, ignore_errors=True)
    return Collected(keys, freed)


def damaged_results(store: Store | None = None) -> dict[str, list[str]]:
    """Key of each result that is not what its receipt says -> its files that are not, all of them read again."""
    store, cache = _own(store), DigestCache(None)
    found = {}
    for key in store.all_keys():
        receipt = store.receipt(key)
        if receipt is None:
            found[key] = ["receipt.json"]
            continue
        files = store.files(key)
        wrong = [path for path, digest in receipt.outputs.items() if _digest(cache, files / path) != digest]
        if wrong:
            found[key] = wrong
    return found


def seconds_in(text: str) -> float:
    """Seconds in ``30m``, ``12h`` or ``7d``.

    Raises:
        UsageError: YZ341, it is no such text.
    """
    match = re.fullmatch(r"(\d{1,6})([mhd])", text)
    if match is None:
        problem, fix = "is no length of time", "write minutes, hours or days: 30m, 12h, 7d"
        raise UsageError.one("YZ341", where=f"--older-than {text}", problem=problem, fix=fix)
    return int(match[1]) * SECONDS[match[2]]


def _own(store: Store | None) -> Store:
    return Store(store_path()) if store is None else store


def _left_behind(store: Store, now: float) -> list[Path]:
    """What was damaged and moved away, and what killed builders did not finish."""
    begun = (path for path in store.directory.glob("[0-9a-f][0-9a-f]/.*") if path.is_dir())
    old = [path for path in begun if now - path.stat().st_mtime >= LEFT_AFTER_S]
    return [*old, *(store.directory / DAMAGED).glob("*")]


def _digest(cache: DigestCache, path: Path) -> str | None:
    return cache.path(path) if path.exists() else None
