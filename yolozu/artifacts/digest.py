"""SHA-256 of texts, files and trees, with a cache that knows files by path, size and modification time."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from yolozu.artifacts.disk_cache import DiskCache
from yolozu.artifacts.jsonio import canonical, is_text
from yolozu.artifacts.listing import FileSet, Row, all_files, encoded
from yolozu.artifacts.packed_files import file_on_disk, is_packed, read_bytes
from yolozu.progress import Bar, Progress, SilentProgress
from yolozu.system import available_cores, released

SETTLED_NS = 1_000_000_000
"""A file is remembered only if it was a second old when read: a later write within the clock's grain would hide."""


BLOCK = 1 << 16
"""Bytes read at a time."""

CHUNK = 64
"""Files handed to a thread at a time."""

MOST_UNWRITTEN = 50_000
"""Digests that are lost at most when a first look is interrupted; writing them takes a fraction of a second."""

MANY_FILES = 10_000
MANY_BYTES = 2**30
"""From either on, how far reading is, is shown: it takes more than a second or so."""

TABLES = (
    "digests (path text primary key, size integer, mtime_ns integer, sha256 text)",
    "trees (path text, stamp text, sha256 text, primary key (path, stamp))",
    "recalled (key text primary key, value text)",
)

SHOWN = 12
"""Hexadecimal digits of a digest that people are shown."""

_SHA256 = re.compile("[0-9a-f]{64}")
"""A remembered text that does not look like this is damaged, and counts as none."""


def digest_of(value: Any) -> str:
    """SHA-256 (hex) of the canonical JSON of ``value``."""
    return hashlib.sha256(canonical(value).encode("utf-8")).hexdigest()


def shown_digest(digest: str | None) -> str:
    """As much of a SHA-256 as tells two apart to people; ``none`` where there is nothing."""
    return "none" if digest is None else digest[:SHOWN]


def digest_file(path: Path | str) -> str:
    """SHA-256 (hex) of a file's bytes."""
    if is_packed(path):
        return hashlib.sha256(read_bytes(path)).hexdigest()
    # hashlib.file_digest sets a quarter of a megabyte aside for each file: for a label, that is most of its time.
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - a million names
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


class UnseenChange(NamedTuple):
    """A file whose content changed while size and modification time stayed: by a failing disk, or a careful hand.

    Attributes:
        path: absolute.
        known: SHA-256 (hex) of what was read before.
        found: SHA-256 (hex) of what is there now.
    """

    path: str
    known: str
    found: str


class DigestCache:
    """Digests of files, read again only where size or modification time changed.

    A context manager; several processes may share one cache file. Losing the file costs time, never correctness.
    Without a path nothing is remembered: every file is read. With ``reads_all``, what others noted is not believed
    either: every file is read once, and what is found is noted in its place, so that everybody knows it from then on.

    Attributes:
        unseen: files that ``reads_all`` found changed.
    """

    def __init__(
        self, path: Path | None, progress: Callable[[], Progress] | None = None, *, reads_all: bool = False
    ) -> None:
        """What is remembered in ``path``; ``progress`` gives where long reading is shown, None shows nothing."""
        self._progress = progress
        self._file = None if path is None else DiskCache(path, TABLES)
        self._believes = not reads_all
        self._noted: dict[str, tuple[int, int, str]] = {}
        self.unseen: list[UnseenChange] = []
        self._is_wrong_of_trees = False
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
        status = os.stat(file_on_disk(path))  # noqa: PTH116 - of a member, those of the tar file
        return self._digest(os.path.abspath(path), status.st_size, status.st_mtime_ns)  # noqa: PTH100

    def file_if_readable(self, path: Path) -> str | None:
        """SHA-256 (hex) of the file at ``path``; None where there is none that can be read."""
        try:
            return self.file(path)
        except (OSError, ValueError):  # a name with a zero byte, or with half a character, is no file's
            return None

    def tree(self, root: Path, files: FileSet | None = None) -> str:
        """SHA-256 (hex) over names and contents of ``files`` (default: every file below) ``root``.

        Raises:
            OSError: a file cannot be read.
        """
        base = os.path.abspath(root)  # noqa: PTH100
        there = FileSet((all_files(base),)) if files is None else files
        known = self._known_tree(base, there.stamp)
        if known is not None:
            return known
        read_at, rows = time.time_ns(), there.rows(base)
        self._recall_all(base, rows)
        text = "".join(f"{row.name}\0{digest}\n" for row, digest in zip(rows, self._digests(rows), strict=True))
        digest = hashlib.sha256(encoded(text)).hexdigest()
        if there.newest_ns is None or read_at - there.newest_ns > SETTLED_NS:
            self._fresh_trees[base, there.stamp] = digest
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
        if self._file is not None:
            self._write(self._file)
            self._file.close()

    def _write(self, file: DiskCache) -> None:
        if self._is_wrong_of_trees:
            file.write(("delete from trees", [()]))  # any of them may hold such a file, and making one anew is cheap
            self._is_wrong_of_trees = False
        if self._fresh or self._fresh_trees or self._fresh_values:
            file.write(
                (
                    "insert or replace into digests values (?, ?, ?, ?)",
                    ((key, *entry) for key, entry in self._fresh.items() if is_text(key)),
                ),
                (
                    "insert or replace into trees values (?, ?, ?)",
                    ((*key, digest) for key, digest in self._fresh_trees.items() if is_text(key[0])),
                ),
                ("insert or replace into recalled values (?, ?)", self._fresh_values.items()),
            )
            self._fresh.clear()
            self._fresh_trees.clear()
            self._fresh_values.clear()

    def _digest(self, key: str, size: int, mtime_ns: int) -> str:
        """Digest of the file whose absolute path is ``key``."""
        if key not in self._known:
            self._recall("path = ?", key)
        if not self._is_known(key, size, mtime_ns):
            read_at = time.time_ns()
            digest = digest_file(key)
            self._learn(key, (size, mtime_ns, digest), read_at)
            return digest
        return self._known[key][2]

    def _digests(self, rows: Sequence[Row]) -> list[str]:
        """Digests of files, of which those that may be known are recalled already."""
        unknown = [row for row in rows if not self._is_known(row.path, row.size, row.mtime_ns)]
        read: dict[str, str] = {}
        shown = 0
        read_at = time.time_ns()
        with self._bar(unknown) as bar:
            for row, digest in zip(unknown, _read_all([row.path for row in unknown]), strict=True):
                read[row.path] = digest
                self._learn(row.path, (row.size, row.mtime_ns, digest), read_at)
                if self._file is not None and len(self._fresh) >= MOST_UNWRITTEN:
                    self._write(self._file)
                if len(read) % CHUNK == 0 or len(read) == len(unknown):
                    bar.advance(len(read) - shown)
                    shown = len(read)
        return [read[row.path] if row.path in read else self._known[row.path][2] for row in rows]

    @contextmanager
    def _bar(self, rows: Sequence[Row]) -> Iterator[Bar]:
        """A bar over files that are to be read, where that takes long enough to ask how far it is."""
        takes_long = len(rows) >= MANY_FILES or sum(row.size for row in rows) >= MANY_BYTES
        progress = self._progress() if takes_long and self._progress is not None else SilentProgress()
        with progress.bar("reading data", len(rows)) as bar:
            yield bar

    def _is_known(self, key: str, size: int, mtime_ns: int) -> bool:
        known = self._known.get(key)
        return known is not None and known[0] == size and known[1] == mtime_ns

    def _learn(self, key: str, entry: tuple[int, int, str], read_at: int) -> None:
        noted = self._noted.pop(key, entry)
        if noted[:2] == entry[:2] and noted[2] != entry[2]:
            self.unseen.append(UnseenChange(key, noted[2], entry[2]))
            self._is_wrong_of_trees = True
        if read_at - entry[1] > SETTLED_NS:
            self._fresh[key] = self._known[key] = entry

    def _known_tree(self, base: str, stamp: str) -> str | None:
        """Digest of a tree whose files all have the names, sizes and times that ``stamp`` stands for."""
        if (base, stamp) in self._fresh_trees:
            return self._fresh_trees[base, stamp]
        if not self._believes:
            return None
        found = self._rows("select sha256 from trees where path = ? and stamp = ?", base, stamp)
        return next((digest for (digest,) in found if _is_sha256(digest)), None)

    def _known_value(self, key: str) -> str | None:
        for (value,) in self._rows("select value from recalled where key = ?", key):
            if _is_json(value):
                return str(value)
        return None

    def _recall(self, condition: str, *values: str) -> None:
        query = f"select path, size, mtime_ns, sha256 from digests where {condition}"  # noqa: S608 - conditions are ours
        recalled = self._known if self._believes else self._noted
        for key, size, mtime_ns, digest in self._rows(query, *values):
            if _is_sha256(digest) and key not in self._known:
                recalled[key] = (size, mtime_ns, digest)

    def _recall_all(self, base: str, rows: Iterable[Row]) -> None:
        """Recall the files below ``base`` in one go, and those elsewhere one by one."""
        below = f"{base}{os.sep}"
        self._recall("path > ? and path < ?", below, f"{base}{chr(ord(os.sep) + 1)}")
        for row in rows:
            if not row.path.startswith(below):
                self._recall("path = ?", row.path)

    def _rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        """What the cache file says; nothing of files whose names are no text, which it cannot hold."""
        return self._file.rows(query, values) if self._file is not None and all(map(is_text, values)) else []


def _is_sha256(digest: object) -> bool:
    return isinstance(digest, str) and _SHA256.fullmatch(digest) is not None


def _is_json(text: object) -> bool:
    try:
        json.loads(text)  # type: ignore[arg-type]
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _read_all(paths: Sequence[str]) -> Iterator[str]:
    """Digest of each file; several are read at once where that pays."""
    if len(paths) <= CHUNK:
        yield from map(digest_file, paths)
        return
    from concurrent.futures import ThreadPoolExecutor

    chunks = [paths[start : start + CHUNK] for start in range(0, len(paths), CHUNK)]
    with released(ThreadPoolExecutor(max_workers=available_cores())) as threads:
        for digests in threads.map(lambda chunk: [digest_file(path) for path in chunk], chunks):
            yield from digests
