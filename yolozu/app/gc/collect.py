"""Free the space of runs: what would go, and, where it is asked for, its deletion."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.app.gc.freed import FreedBytes, bytes_of
from yolozu.app.gc.made_files import files_below, files_of, outputs_outside, unfinished_files
from yolozu.app.gc.policy import Policy, choose
from yolozu.app.gc.run_facts import facts_of_runs
from yolozu.artifacts.digest import DigestCache
from yolozu.engine.lock import HeldLock
from yolozu.engine.store.named import named_keys, runs_with, unnamed
from yolozu.engine.store.store import Store
from yolozu.errors import Finding, UsageError
from yolozu.paths import RUNS_DIR, digest_cache_path, store_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from yolozu.app.gc.run_facts import RunFacts


@dataclass(frozen=True)
class CollectedRun:
    """What becomes of a run.

    Attributes:
        run: its name below ``runs/``.
        goes: whether it is deleted.
        stays_for: reasons why it is not.
        size: bytes of its files.
        freed: bytes that the disk gets back: where files have further links that stay, less than ``size``.
        age_s: seconds since something of it was built.
        score: its metric; None where it has none.
        deleted: files that go: all that it made, or of a run that stays what an unfinished build left.
        left: files of a run that goes which stay -> why.
        unfinished: what was interrupted in it; None where nothing was.
    """

    run: str
    goes: bool
    stays_for: tuple[str, ...]
    size: int
    freed: int
    age_s: float
    score: float | None
    deleted: tuple[Path, ...]
    left: dict[Path, str]
    unfinished: str | None


@dataclass(frozen=True)
class CollectedRuns:
    """What was deleted, or would be.

    Attributes:
        runs: that were asked about, by name.
        keys: of results in the store that only runs that go have, and that go with them.
        receipts_freed: bytes that these results free beside the files that runs have of them.
        in_store: bytes that results free which no run has, whatever becomes of the runs: for `yolozu store gc`.
        problems: files that could not be deleted.
    """

    runs: tuple[CollectedRun, ...]
    keys: tuple[str, ...]
    receipts_freed: int
    in_store: int
    problems: tuple[Finding, ...] = ()

    @property
    def freed(self) -> int:
        """Bytes that the disk gets back."""
        return self.receipts_freed + sum(run.freed for run in self.runs)


def collect_runs(policy: Policy, *, scratch: bool = False, keep_store: bool = False, delete: bool) -> CollectedRuns:
    """What ``policy`` lets go of the runs below ``runs/``.

    Args:
        policy: its rules.
        scratch: also what unfinished builds have left in runs that stay, of those that are asked about.
        keep_store: let the store keep what only runs that go have.
        delete: delete it, too.

    Raises:
        UsageError: YZ660 and YZ661, the rules cannot be used; YZ302, somebody builds a run that should go; YZ662, there
            is nothing to delete by.
        InputError: YZ301 or YZ309, what a run names cannot be read. In both cases nothing is deleted.
    """
    if delete and policy.says_nothing and not scratch:
        raise UsageError.one(
            "YZ662",
            where="--yes",
            problem="no rule says what may go",
            fix="name runs, or say which stay: --keep-newest N, --keep-best N, --older-than TIME; or --scratch",
        )
    runs, now = facts_of_runs(RUNS_DIR), time.time()
    choice = choose(policy, runs, now)
    store, named = Store(store_path()), named_keys(RUNS_DIR)
    keys = () if keep_store else _only_of(choice.going, store, named)
    with DigestCache(digest_cache_path()) as cache:
        kept_outputs = outputs_outside(run for run in runs if run.name not in choice.going)
        files = {run.name: files_of(run, cache, kept_outputs) for run in runs if run.name in choice.going}
    freed = FreedBytes()
    receipts_freed = freed.of(path for key in keys for path in files_below(store.entry(key)))
    rows = []
    for run in (run for run in runs if run.name in choice.going or run.name in choice.staying):
        made, reasons = files.get(run.name), tuple(choice.staying.get(run.name, ()))
        left_by_builds = unfinished_files(run.layout) if scratch and made is None and not run.held else ()
        deleted = left_by_builds if made is None else made.made
        rows.append(
            CollectedRun(
                run=run.name,
                goes=made is not None,
                stays_for=reasons,
                size=bytes_of(files_below(run.layout.root)),
                freed=freed.of(deleted),
                age_s=max(0.0, now - run.built_at),
                score=run.score(policy.metric),
                deleted=deleted,
                left={} if made is None else made.left,
                unfinished=run.unfinished,
            )
        )
    in_store = FreedBytes().of(path for key in unnamed(store, named) for path in files_below(store.entry(key)))
    problems = _delete([run for run in runs if run.name in choice.going], rows, store, keys) if delete else ()
    return CollectedRuns(tuple(rows), keys, receipts_freed, in_store, tuple(problems))


def _only_of(going: Sequence[str], store: Store, named: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Keys of results that some of the runs that go have, and no others."""
    having = {key: set(runs_with(store, key, dict(named))) for key in store.all_keys()}
    return tuple(key for key, names in having.items() if names and names <= set(going))


def _delete(
    going: Sequence[RunFacts], rows: Sequence[CollectedRun], store: Store, keys: Iterable[str]
) -> list[Finding]:
    """Delete what the rows say, with the locks of the runs that go; what could not be deleted."""
    problems: list[Finding] = []
    with ExitStack() as locks:
        for run in going:
            if run.layout.plan_dir.is_dir():
                lock = HeldLock(run.layout.lock_path, code="YZ302", what=f"run {run.name}")
                locks.callback(lock.release)
        for key in keys:
            with suppress(FileNotFoundError):  # another gc was faster
                store.remove(key)
        for row in rows:
            root = RUNS_DIR / row.run
            for path in row.deleted:
                try:
                    path.unlink(missing_ok=True)
                except OSError as error:
                    fix = "give permission, and run the same command again"
                    problems.append(Finding("YZ663", str(path), f"cannot be deleted: {error.strerror}", fix))
            if row.goes:
                (root / "plan/build.lock.holder").unlink(missing_ok=True)
                (root / "plan/build.lock").unlink(missing_ok=True)
            _remove_empty(root if row.goes else root / "scratch")
    return problems


def _remove_empty(root: Path) -> None:
    """Remove the directories below ``root`` that hold no file, and ``root`` itself where nothing is left."""
    for directory, _, _ in os.walk(root, topdown=False):
        with suppress(OSError):  # it holds what stays
            Path(directory).rmdir()
