"""SHA-256 of texts, files and trees, with a cache that knows files by path, size and modification time."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from yolozu.artifacts.disk_cache import DiskCache
from yolozu.artifacts.jsonio import canonical, is_text

SETTLED_NS = 1_000_000_000
"""A file is remembered only if it was a second old when read: a later write within the clock's grain would hide."""


TABLES = (
    "digests (path text primary key, size integer, mtime_ns integer, sha256 text)",
    "trees (path text, stamp text, sha256 text, primary key (path, stamp))",
    "recalled (key text primary key, value text)",
)

_SHA256 = re.compile("[0-9a-f]{64}")
"""A remembered text that does not look like this is damaged, and counts as none."""


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
        self._file = None if path is None else DiskCache(path, TABLES)
        self._known: dict[str, tuple[int, int, str]] = {}
        self._fresh: dict[str, tuple[int, int, str]] = {}
        self._fresh_trees: dict[tuple[str, str], str] = {}
        self._fresh_values: dict[str, str] = {}

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

    def file_if_readable(self, path: Path) -> str | None:
        """SHA-256 (hex) of the file at ``path``; None where there is none that can be read."""
        try:
            return self.file(path)
        except (OSError, ValueError):  # a name with a zero byte, or with half a character, is no file's
            return None

    def tree(self, root: Path, files: Iterable[Path | str] | None = None) -> str:
        """SHA-256 (hex) over names and contents of ``files`` (default: every file) below ``root``."""
        # Strings, because there may be a million files and a Path costs more than the look at one.
        base = os.path.abspath(root)  # noqa: PTH100
        found = sorted(_walk(base, "") if files is None else _listed(base, files))
        listing = "".join(f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\n" for name, _, stat in found)
        stamp = hashlib.sha256(_encoded(listing)).hexdigest()
        known = self._known_tree(base, stamp)
        if known is not None:
            return known
        self._recall("path > ? and path < ?", f"{base}{os.sep}", f"{base}{chr(ord(os.sep) + 1)}")
        read_at = time.time_ns()
        text = "".join(f"{name}\0{self._digest(path, stat)}\n" for name, path, stat in found)
        digest = hashlib.sha256(_encoded(text)).hexdigest()
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
            known = self._known_value(key)
            self._fresh_values[key] = canonical(compute()) if known is None else known
        return json.loads(self._fresh_values[key])

    def recalled_each(self, keys: Sequence[str], compute: Callable[[list[int]], Iterable[Any]]) -> list[Any]:
        """As `recalled`, of many keys at once.

        Args:
            keys: likewise.
            compute: gives the values of the places in ``keys`` that are not remembered, in that order.
        """
        found = {key: self._fresh_values.get(key, self._known_value(key)) for key in dict.fromkeys(keys)}
        places = {key: place for place, key in enumerate(keys) if found[key] is None}
        for key, value in zip(places, compute(list(places.values())), strict=True):
            found[key] = self._fresh_values[key] = canonical(value)
        return [json.loads(str(found[key])) for key in keys]

    def close(self) -> None:
        """Write what was learned and let go of the cache file."""
        if self._file is None:
            return
        if self._fresh or self._fresh_trees or self._fresh_values:
            self._file.write(
                (
                    "insert or replace into digests values (?, ?, ?, ?)",
                    [(key, *entry) for key, entry in self._fresh.items() if is_text(key)],
                ),
                (
                    "insert or replace into trees values (?, ?, ?)",
                    [(*key, digest) for key, digest in self._fresh_trees.items() if is_text(key[0])],
                ),
                ("insert or replace into recalled values (?, ?)", self._fresh_values.items()),
            )
            self._fresh.clear()
            self._fresh_trees.clear()
            self._fresh_values.clear()
        self._file.close()

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
        found = self._rows("select sha256 from trees where path = ? and stamp = ?", base, stamp)
        return next((digest for (digest,) in found if _is_sha256(digest)), None)

    def _known_value(self, key: str) -> str | None:
        for (value,) in self._rows("select value from recalled where key = ?", key):
            if _is_json(value):
                return str(value)
        return None

    def _recall(self, condition: str, *values: str) -> None:
        query = f"select path, size, mtime_ns, sha256 from digests where {condition}"  # noqa: S608 - conditions are ours
        for key, size, mtime_ns, digest in self._rows(query, *values):
            if _is_sha256(digest):
                self._known.setdefault(key, (size, mtime_ns, digest))

    def _rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        """What the cache file says; nothing of files whose names are no text, which it cannot hold."""
        return self._file.rows(query, values) if self._file is not None and all(map(is_text, values)) else []


def _encoded(text: str) -> bytes:
    """Bytes of names, of those too that are no UTF-8."""
    return text.encode("utf-8", "surrogatepass")


def _is_sha256(digest: object) -> bool:
    return isinstance(digest, str) and _SHA256.fullmatch(digest) is not None


def _is_json(text: object) -> bool:
    try:
        json.loads(text)  # type: ignore[arg-type]
    except (TypeError, ValueError, RecursionError):
        return False
    return True


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
