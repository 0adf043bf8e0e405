"""Files that lie in tar files, read as if the tar file were a folder: ``shards/train-000000.tar/000123.jpg``.

A path of which no part is a tar file means what it always does, so whoever reads a file of a data set reads it here.
Where the members of a tar file lie is looked for once, and remembered beside the digests of files (``runs/.cache``).
"""

from __future__ import annotations

import errno
import json
import os
import re
import time
from contextlib import contextmanager
from functools import lru_cache
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.artifacts.disk_cache import DiskCache
from yolozu.artifacts.jsonio import canonical, is_text
from yolozu.artifacts.tar_index import Places, read_places
from yolozu.paths import digest_cache_path

if TYPE_CHECKING:
    from collections.abc import Iterator

TAR_SUFFIX = ".tar"
SETTLED_NS = 1_000_000_000
"""As with digests: a tar file younger than this is looked through again."""

MOST_OPEN = 64
"""Tar files that a process keeps open."""

MOST_KNOWN = 4096
"""Tar files whose members a process keeps in memory."""

TABLE = "tars (path text primary key, size integer, mtime_ns integer, places text)"

_WITHIN = re.compile(r"\.tar/", re.IGNORECASE)

Stamp = tuple[int, int, int]
"""Size in bytes, time of change in ns, and inode of a tar file as it was looked through."""


def is_tar(path: Path | str) -> bool:
    """Whether ``path`` is a file that is called as tar files are."""
    return str(path).lower().endswith(TAR_SUFFIX) and os.path.isfile(path)  # noqa: PTH113 - a million names


def file_on_disk(path: Path | str) -> str:
    """The file that holds what is at ``path``: a tar file, or ``path`` itself."""
    split = _split(str(path))
    return str(path) if split is None else split[0]


def is_packed(path: Path | str) -> bool:
    """Whether a part of ``path`` is a tar file."""
    return _split(str(path)) is not None


def is_file(path: Path | str) -> bool:
    """Whether there is such a file, or such a member of a tar file.

    Raises:
        InputError: YZ276 to YZ278, the tar file cannot be used.
    """
    split = _split(str(path))
    return os.path.isfile(path) if split is None else split[1] in members_of(split[0])  # noqa: PTH113


def read_bytes(path: Path | str) -> bytes:
    """What the file at ``path`` holds.

    Raises:
        OSError: it cannot be read.
        InputError: YZ276 to YZ278, the tar file that it lies in cannot be used.
    """
    split = _split(str(path))
    return Path(path).read_bytes() if split is None else _read_member(*split)


def readable(path: Path) -> Path | BytesIO:
    """What others can open: ``path`` itself, or the bytes of a member of a tar file.

    Raises:
        OSError: there is no such member.
        InputError: as `read_bytes`.
    """
    split = _split(str(path))
    return path if split is None else BytesIO(_read_member(*split))


@contextmanager
def opened(path: Path | str) -> Iterator[BufferedReader | BytesIO]:
    """The file at ``path``, opened for reading; a member of a tar file is read whole.

    Raises:
        OSError: it cannot be read.
        InputError: as `read_bytes`.
    """
    split = _split(str(path))
    with Path(path).open("rb") if split is None else BytesIO(_read_member(*split)) as file:
        yield file


def members_of(tar: Path | str) -> Places:
    """Where each plain file in a tar file lies, by name.

    Raises:
        OSError: the tar file is not there.
        InputError: YZ276 to YZ278, it cannot be used.
    """
    return _members(os.path.abspath(tar), _stamp(str(tar)))  # noqa: PTH100 - a million names


def _split(path: str) -> tuple[str, str] | None:
    """A tar file, and the name of what is in it; None where no part of the path is a tar file."""
    for match in _WITHIN.finditer(path):
        tar = path[: match.end() - 1]
        if os.path.isfile(tar):  # noqa: PTH113 - a folder may be called so, too
            return tar, os.path.normpath(path[match.end() :])
    return None


def _stamp(tar: str) -> Stamp:
    status = os.stat(tar)  # noqa: PTH116 - once for every picture
    return status.st_size, status.st_mtime_ns, status.st_ino


def _read_member(tar: str, name: str) -> bytes:
    path, stamp = os.path.abspath(tar), _stamp(tar)  # noqa: PTH100
    place = _members(path, stamp).get(name)
    if place is None:
        raise FileNotFoundError(errno.ENOENT, "no such member of the tar file", f"{tar}/{name}")
    offset, size = place
    data = _open_tar(path, stamp).read(offset, size)
    if len(data) < size:
        raise OSError(errno.EIO, f"the tar file is shorter than it was, {len(data)} of {size} bytes are left", tar)
    return data


class _OpenTar:
    """A tar file that stays open: by a descriptor, which threads and forked processes read from at any place."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self, offset: int, size: int) -> bytes:
        return os.pread(self._descriptor, size, offset)

    def __del__(self) -> None:
        """Close it once nobody reads from it any more; whoever leaves the cache while it is read stays open."""
        os.close(self._descriptor)


@lru_cache(maxsize=MOST_OPEN)
def _open_tar(path: str, stamp: Stamp) -> _OpenTar:  # noqa: ARG001 - another file of that name is opened again
    return _OpenTar(os.open(path, os.O_RDONLY | os.O_CLOEXEC))


@lru_cache(maxsize=MOST_KNOWN)
def _members(path: str, stamp: Stamp) -> Places:
    known = _remembered(path, stamp)
    if known is not None:
        return known
    looked_at = time.time_ns()
    places = read_places(Path(path), shown=_shown(path))
    if looked_at - stamp[1] > SETTLED_NS and is_text(path):
        cache = DiskCache(digest_cache_path(), (TABLE,))
        row = (path, *stamp[:2], canonical(places))
        cache.write(("insert or replace into tars values (?, ?, ?, ?)", [row]))
        cache.close()
    return places


def _shown(path: str) -> str:
    """How findings name a tar file: relative to the working directory where it lies below, as they name other files."""
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative


def _remembered(path: str, stamp: Stamp) -> Places | None:
    if not is_text(path):
        return None
    cache = DiskCache(digest_cache_path(), (TABLE,))
    query = "select places from tars where path = ? and size = ? and mtime_ns = ?"
    rows = cache.rows(query, (path, *stamp[:2]))
    cache.close()
    return next((places for (text,) in rows if (places := _places(text)) is not None), None)


def _places(text: object) -> Places | None:
    """What was remembered; None where that is damaged."""
    try:
        rows = json.loads(text)  # type: ignore[arg-type]
        return {str(name): (int(offset), int(size)) for name, (offset, size) in rows.items()}
    except (TypeError, ValueError, AttributeError, RecursionError):
        return None
