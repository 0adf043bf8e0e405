"""Names, sizes and times of many files: enough to tell whether one of a million has changed since they were last read.

In columns, because a row of Python objects for each file costs as much as the look at it.
"""

from __future__ import annotations

import hashlib
import os
import stat
import struct
from array import array
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, NamedTuple, Self

LATEST_NS = 2**63 - 1
"""What a time counts as that no 64 bits can hold, after the year 2262."""

HEADER = struct.Struct("<QQQ")
"""Of an encoded listing: bytes of its directory, bytes of its names, number of files."""


class Listing:
    """Files of a directory, each with its size and the time it was last modified.

    Attributes:
        directory: which one; empty where ``names`` are paths as they were given.
        names: relative to it, without dots, in any order.
        sizes: bytes, in the order of ``names``.
        mtimes_ns: likewise.
    """

    __slots__ = ("directory", "mtimes_ns", "names", "sizes")

    def __init__(self, directory: str, files: Iterable[tuple[str, os.stat_result]] = ()) -> None:
        """One of ``directory`` with these names."""
        self.directory = directory
        self.names: list[str] = []
        self.sizes = array("q")
        self.mtimes_ns = array("q")
        add_name, add_size, add_time = self.names.append, self.sizes.append, self.mtimes_ns.append
        for name, status in files:
            add_name(name)
            add_size(status.st_size)
            try:
                add_time(status.st_mtime_ns)
            except OverflowError:
                add_time(LATEST_NS)

    def __len__(self) -> int:
        return len(self.names)

    def paths(self) -> list[str]:
        """Where the files are, from the working directory."""
        return [f"{self.directory}/{name}" for name in self.names] if self.directory else self.names

    def ending_in(self, suffixes: Collection[str]) -> Listing:
        """The files with such an ending: lower case, with the dot; compared without regard to case."""
        ends, found = tuple(suffixes), Listing(self.directory)
        for place, name in enumerate(self.names):
            if has_ending(name, ends):
                found.names.append(name)
                found.sizes.append(self.sizes[place])
                found.mtimes_ns.append(self.mtimes_ns[place])
        return found

    def encoded(self) -> Iterator[bytes]:
        """All of it as bytes that no other listing has."""
        directory, names = encoded(self.directory), encoded("\0".join(self.names))
        yield HEADER.pack(len(directory), len(names), len(self.names))
        yield from (directory, names, self.sizes.tobytes(), self.mtimes_ns.tobytes())

    @classmethod
    def decoded(cls, file: IO[bytes]) -> Self | None:
        """The listing that stands ``encoded`` in a file from where it is read; None where not all of it does."""
        header = file.read(HEADER.size)
        if len(header) < HEADER.size:
            return None
        *lengths, count = HEADER.unpack(header)
        lengths += [array("q").itemsize * count] * 2
        parts = [file.read(length) for length in lengths]
        if [len(part) for part in parts] != lengths:
            return None
        found = cls(parts[0].decode("utf-8", "surrogatepass"))
        found.names = parts[1].decode("utf-8", "surrogatepass").split("\0") if count else []
        found.sizes.frombytes(parts[2])
        found.mtimes_ns.frombytes(parts[3])
        return found


class Row(NamedTuple):
    """A file of a set; sorted, they are in order of name.

    Attributes:
        name: relative to the root of the set, with slashes.
        path: absolute.
        size: bytes.
        mtime_ns: when it was last modified.
    """

    name: str
    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, eq=False)
class FileSet:
    """All files of some listings; a path that several list counts once."""

    listings: tuple[Listing, ...]

    @cached_property
    def stamp(self) -> str:
        """SHA-256 (hex) of all there is to know without reading a file.

        It depends on the order in which the file system tells of files: in another one they are another set, which
        costs time and no more.
        """
        found = hashlib.sha256(encoded(f"{os.getcwd()}\n"))  # noqa: PTH109 - as the names are relative to it
        for listing in self.listings:
            for part in listing.encoded():
                found.update(part)
        return found.hexdigest()

    @property
    def newest_ns(self) -> int | None:
        """When the last of the files was modified; None where there is none."""
        return max((max(listing.mtimes_ns) for listing in self.listings if len(listing)), default=None)

    def paths(self) -> list[str]:
        """Where the files are, from the working directory."""
        return list(dict.fromkeys(path for listing in self.listings for path in listing.paths()))

    def extent(self) -> tuple[int, int]:
        """How many files, and how many bytes."""
        sizes: dict[str, int] = {}
        for listing in self.listings:
            sizes.update(zip(listing.paths(), listing.sizes, strict=True))
        return len(sizes), sum(sizes.values())

    def rows(self, root: str) -> list[Row]:
        """The files in order of name.

        Args:
            root: absolute path of the directory that names are relative to.
        """
        found: dict[str, Row] = {}
        for listing in self.listings:
            found.update(zip(listing.paths(), _rows(listing, root), strict=True))
        return sorted(found.values())


def listing_of(paths: Iterable[Path | str]) -> Listing:
    """The files at ``paths``, all of which exist."""
    return Listing("", ((str(path), os.stat(path)) for path in paths))  # noqa: PTH116 - there may be a million


def files_among(paths: Iterable[str]) -> Listing:
    """Those of ``paths`` that are files."""
    looks = ((path, _status(path)) for path in paths)
    return Listing("", ((path, found) for path, found in looks if found is not None and stat.S_ISREG(found.st_mode)))


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116 - as above
    except (OSError, ValueError):  # a name with a zero byte, or with half a character, is no file's
        return None


def all_files(directory: str) -> Listing:
    """Every file in ``directory`` and its folders; links are followed to files only."""
    return Listing(directory, _walk(directory, ""))


def has_ending(name: str, ends: tuple[str, ...]) -> bool:
    """Whether the name of a file that is not hidden has one of these endings: lower case, with the dot."""
    return name.endswith(ends) or name.lower().endswith(ends)


def encoded(text: str) -> bytes:
    """Bytes of names, of those too that are no UTF-8."""
    return text.encode("utf-8", "surrogatepass")


def _walk(directory: str, inside: str) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path, f"{inside}{entry.name}/")
            else:
                yield f"{inside}{entry.name}", entry.stat()


def _rows(listing: Listing, root: str) -> Iterator[Row]:
    columns = zip(listing.names, listing.sizes, listing.mtimes_ns, strict=True)
    if listing.directory:
        folder = os.path.abspath(listing.directory)  # noqa: PTH100 - it takes out the dots
        inside = "" if folder == root else f"{_name(folder, root)}/"
        for name, size, mtime_ns in columns:
            yield Row(f"{inside}{name}", f"{folder}/{name}", size, mtime_ns)
    else:
        for given, size, mtime_ns in columns:
            path = os.path.abspath(given)  # noqa: PTH100
            yield Row(_name(path, root), path, size, mtime_ns)


def _name(path: str, root: str) -> str:
    """``path`` relative to ``root``."""
    below = path.startswith(f"{root}{os.sep}")
    name = path[len(root) + 1 :] if below else os.path.relpath(path, root)
    return name.replace(os.sep, "/")
