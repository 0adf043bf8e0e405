"""SHA-256 of texts, files and trees, with a cache that knows files by path, size and modification time."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from yolozu.artifacts.jsonio import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

SETTLED_NS = 1_000_000_000
"""A file is remembered only if it was a second old when read: a later write within the clock's grain would hide."""


def digest_of(value: Any) -> str:
    """SHA-256 (hex) of the canonical JSON of ``value``."""
    return hashlib.sha256(canonical(value).encode("utf-8")).hexdigest()


def digest_file(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class DigestCache:
    """Digests of files, read again only where size or modification time changed.

    A context manager; several processes may share one cache file. Losing the file costs time, never correctness.
    Without a path nothing is remembered: every file is read.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known: dict[str, tuple[int, int, str]] = {}
        self._fresh: dict[str, tuple[int, int, str]] = {}
        self._fresh_trees: dict[tuple[str, str], str] = {}
        self._fresh_values: dict[str, str] = {}
        self._database: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def file(self, path: Path) -> str:
        """SHA-256 (hex) of the file at ``path``.

        Raises:
            OSError: the file cannot be read.
        """
        return self._digest(os.path.abspath(path), path.stat())  # noqa: PTH100

    def tree(self, root: Path, files: Iterable[Path | str] | None = None) -> str:
        """SHA-256 (hex) over names and contents of ``files`` (default: every file) below ``root``."""
        # Strings, because there may be a million files and a Path costs more than the look at one.
        base = os.path.abspath(root)  # noqa: PTH100
        found = sorted(_walk(base, "") if files is None else _listed(base, files))
        listing = "".join(f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\n" for name, _, stat in found)
        stamp = hashlib.sha256(listing.encode()).hexdigest()
        known = self._known_tree(base, stamp)
        if known is not None:
            return known
        self._recall("path > ? and path < ?", f"{base}{os.sep}", f"{base}{chr(ord(os.sep) + 1)}")
        read_at = time.time_ns()
        text = "".join(f"{name}\0{self._digest(path, stat)}\n" for name, path, stat in found)
        digest = hashlib.sha256(text.encode()).hexdigest()
        if all(read_at - stat.st_mtime_ns > SETTLED_NS for _, _, stat in found):
            self._fresh_trees[base, stamp] = digest
        return digest

    def path(self, path: Path) -> str:
        """Digest of a file, or of a directory as a tree."""
        return self.tree(path) if path.is_dir() else self.file(path)

    def recalled(self, key: str, compute: Callable[[], Any]) -> Any:
        """The JSON value that ``compute`` gives for ``key``, computed again only where it is not remembered.

        Args:
            key: everything the value depends on, such as the digest of the files it is read from.
            compute: gives the value.
        """
        if key not in self._fresh_values:
            self._fresh_values[key] = self._known_value(key) or canonical(compute())
        return json.loads(self._fresh_values[key])

    def close(self) -> None:
        """Write what was learned and let go of the cache file."""
        if (self._fresh or self._fresh_trees or self._fresh_values) and self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            rows = [(key, *entry) for key, entry in self._fresh.items()]
            trees = [(*key, digest) for key, digest in self._fresh_trees.items()]
            with self._connect(self._path) as database:
                database.executemany("insert or replace into digests values (?, ?, ?, ?)", rows)
                database.executemany("insert or replace into trees values (?, ?, ?)", trees)
                database.executemany("insert or replace into recalled values (?, ?)", self._fresh_values.items())
            self._fresh.clear()
            self._fresh_trees.clear()
            self._fresh_values.clear()
        if self._database is not None:
            self._database.close()
            self._database = None

    def _digest(self, key: str, stat: os.stat_result) -> str:
        """Digest of the file whose absolute path is ``key``."""
        if key not in self._known:
            self._recall("path = ?", key)
        known = self._known.get(key)
        if known is not None and known[:2] == (stat.st_size, stat.st_mtime_ns):
            return known[2]
        read_at = time.time_ns()
        digest = digest_file(Path(key))
        if read_at - stat.st_mtime_ns > SETTLED_NS:
            self._fresh[key] = self._known[key] = (stat.st_size, stat.st_mtime_ns, digest)
        return digest

    def _known_tree(self, base: str, stamp: str) -> str | None:
        """Digest of a tree whose files all have the names, sizes and times that ``stamp`` stands for."""
        if (base, stamp) in self._fresh_trees:
            return self._fresh_trees[base, stamp]
        if not self._remembers():
            return None
        assert self._path is not None
        query = "select sha256 from trees where path = ? and stamp = ?"
        row = self._connect(self._path).execute(query, (base, stamp)).fetchone()
        return None if row is None else str(row[0])

    def _known_value(self, key: str) -> str | None:
        if not self._remembers():
            return None
        assert self._path is not None
        row = self._connect(self._path).execute("select value from recalled where key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def _remembers(self) -> bool:
        return self._path is not None and (self._database is not None or self._path.is_file())

    def _recall(self, condition: str, *values: str) -> None:
        if not self._remembers():
            return
        assert self._path is not None
        query = f"select path, size, mtime_ns, sha256 from digests where {condition}"  # noqa: S608 - conditions are ours
        for key, size, mtime_ns, digest in self._connect(self._path).execute(query, values):
            self._known.setdefault(key, (size, mtime_ns, digest))

    def _connect(self, path: Path) -> sqlite3.Connection:
        if self._database is None:
            self._database = sqlite3.connect(path, timeout=30.0)
            self._database.execute("pragma journal_mode=wal")
            self._database.execute(
                "create table if not exists digests"
                " (path text primary key, size integer, mtime_ns integer, sha256 text)"
            )
            self._database.execute(
                "create table if not exists trees (path text, stamp text, sha256 text, primary key (path, stamp))"
            )
            self._database.execute("create table if not exists recalled (key text primary key, value text)")
        return self._database


def _walk(directory: str, inside: str) -> Iterator[tuple[str, str, os.stat_result]]:
    """Name relative to the root, absolute path and status of every file; links are followed to files only."""
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path, f"{inside}{entry.name}/")
            else:
                yield f"{inside}{entry.name}", entry.path, entry.stat()


def _listed(base: str, files: Iterable[Path | str]) -> Iterator[tuple[str, str, os.stat_result]]:
    for file in files:
        path = os.path.abspath(file)  # noqa: PTH100
        below = path.startswith(f"{base}{os.sep}")
        name = path[len(base) + 1 :] if below else os.path.relpath(path, base)
        yield name.replace(os.sep, "/"), path, os.stat(path)  # noqa: PTH116
