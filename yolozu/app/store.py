"""What `yolozu store` shows, deletes and checks: results that are kept by what they were made of."""

from __future__ import annotations

import re
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yolozu.artifacts.digest import DigestCache
from yolozu.contract.base import Conflict
from yolozu.contract.store_url import require_plain_url
from yolozu.engine.store.file_system import RemoteError, missing_for, protocol_of
from yolozu.engine.store.keys import key_of_receipt
from yolozu.engine.store.named import named_keys, runs_with, unnamed
from yolozu.engine.store.record import RemoteRecord
from yolozu.engine.store.remote import RemoteStore
from yolozu.engine.store.store import CAME_FROM, DAMAGED, Store, bytes_below
from yolozu.errors import InputError, UsageError
from yolozu.paths import RUNS_DIR, store_path

if TYPE_CHECKING:
    from collections.abc import Iterator
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


def remote_results(url: str) -> list[StoredResult]:
    """All results of a remote store, by stage, the latest first; ``stage`` is None where a record cannot be read.

    Raises:
        UsageError: YZ740 to YZ742 and YZ744, it is no store that can be opened; YZ743, it cannot be reached.
        InputError: YZ301, a receipt of a run cannot be read.
    """
    now, named, found = time.time(), named_keys(RUNS_DIR), list[StoredResult]()
    with _reached(url) as store:
        for key in store.all_keys():
            record = _readable(store, key)
            if record is None:
                found.append(StoredResult(key, None, None, tuple(named.get(key, [])), 0, 0.0))
                continue
            receipt, age_s = record.receipt, now - record.kept_at_s
            runs = sorted({*named.get(key, []), *named.get(key_of_receipt(receipt), [])})
            made_by = receipt.ran_on.get(CAME_FROM)
            found.append(StoredResult(key, receipt.stage, made_by, tuple(runs), record.size, max(0.0, age_s)))
    return sorted(found, key=lambda one: (one.stage or "", one.age_s))


@dataclass(frozen=True)
class RemoteCondition:
    """What reading all of a remote store has shown.

    Attributes:
        damaged: key of each result that is not what its record says -> its files that are not, or its record.
        unfinished: keys that have files and no record: uploads that were cut short, or are under way.
    """

    damaged: dict[str, list[str]]
    unfinished: list[str]


def remote_condition(url: str) -> RemoteCondition:
    """Read every file of a remote store, and compare its digest; nothing is kept here.

    Raises:
        UsageError: as `remote_results`.
    """
    damaged = {}
    with _reached(url) as store:
        for key in store.all_keys():
            record = _readable(store, key)
            wrong = [store.record_name(key)] if record is None else store.damage(key, record)
            if wrong:
                damaged[key] = wrong
        return RemoteCondition(damaged, store.unfinished())


@contextmanager
def _reached(url: str) -> Iterator[RemoteStore]:
    """The remote store at ``url``, of which something is to be read now."""
    where = f"--remote {url}"
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^\s]+", url):
        fix = "write a URL such as s3://bucket/prefix or file:///shared/store"
        raise UsageError.one("YZ744", where=where, problem="is no URL of a store", fix=fix)
    try:
        require_plain_url(url)
    except Conflict as error:
        raise UsageError.one(error.code, where="--remote", problem=error.problem, fix=error.fix) from None
    missing = missing_for(url, where=where)
    if missing:
        raise UsageError(missing)
    store, fix = RemoteStore(url), f"look at the URL, the network and what {protocol_of(url)} wants to know of you"
    try:
        if not store.is_there():
            raise UsageError.one("YZ743", where=where, problem="there is no such place, or nothing in it", fix=fix)
        yield store
    except RemoteError as error:
        raise UsageError.one("YZ743", where=where, problem=f"cannot be read: {error}", fix=fix) from error


def _readable(store: RemoteStore, key: str) -> RemoteRecord | None:
    """The record of a result; None where it cannot be read, or is gone meanwhile."""
    try:
        return store.record(key)
    except InputError:
        return None


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
