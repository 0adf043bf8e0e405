"""The files of a data set, found quickly and always in the same order. Free of numpy: planning lists files too."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from yolozu.artifacts.listing import Listing, has_ending

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
LABEL_SUFFIXES = frozenset({".txt"})
SIDECAR_SUFFIXES = frozenset({".json"})
XML_SUFFIXES = frozenset({".xml"})
BROKEN_LINK = "link(s) to nowhere"


def files_below(directory: Path, suffixes: Collection[str]) -> list[str]:
    """Paths of the files in ``directory`` and its folders, sorted; hidden ones are no part of a data set.

    A folder that links lead to again counts once, by the name that needs no link or else the first link's.

    Args:
        directory: an existing directory.
        suffixes: wanted endings in lower case, with the dot; compared without regard to case.

    Returns:
        Posix paths relative to ``directory``.

    Raises:
        OSError: a directory cannot be read.
    """
    ends = tuple(suffixes)
    return sorted(prefix + entry.name for prefix, entry in _walk(directory) if has_ending(entry.name, ends))


def listing_below(directory: Path, suffixes: Collection[str]) -> Listing:
    """As `files_below`, in any order, with sizes and times: one look at each file."""
    ends = tuple(suffixes)
    wanted = ((prefix + entry.name, entry.stat()) for prefix, entry in _walk(directory) if has_ending(entry.name, ends))
    return Listing(str(directory), wanted)


def listing_in(directory: Path, wanted: Callable[[str], bool]) -> Listing:
    """The files in ``directory`` itself that are called as ``wanted``; hidden ones too."""
    with _opened(str(directory)) as folder, os.scandir(folder) as entries:
        found = ((entry.name, entry.stat()) for entry in entries if wanted(entry.name) and _is_file(entry))
        return Listing(str(directory), found)


def others_below(directory: Path, suffixes: Collection[str]) -> dict[str, int]:
    """How many files in ``directory`` and its folders have other endings, by ending: the most frequent first.

    Raises:
        OSError: a directory cannot be read.
    """
    kinds = (suffix_of(entry.name) if _is_file(entry) else BROKEN_LINK for _, entry in _walk(directory, broken=True))
    found = Counter(kind for kind in kinds if kind not in suffixes)
    return dict(sorted(found.items(), key=lambda entry: (-entry[1], entry[0])))


def stem_of(relative: str) -> str:
    """``a/b.jpg`` -> ``a/b``: what an image and its label file share."""
    return os.path.splitext(relative)[0]  # noqa: PTH122 - a million names


def suffix_of(path: str) -> str:
    """``a/b.JPG`` -> ``.jpg``."""
    return os.path.splitext(path)[1].lower()  # noqa: PTH122 - a million names


def by_stem(paths: Iterable[str], suffixes: Collection[str]) -> dict[str, list[str]]:
    """The files with such an ending, by path without ending: ``a.txt`` and ``a.TXT`` are two of one stem."""
    found: dict[str, list[str]] = {}
    for path in paths:
        if suffix_of(path) in suffixes:
            found.setdefault(stem_of(path), []).append(path)
    return found


def _walk(directory: Path, *, broken: bool = False) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Path of the folder and entry of every file; with ``broken``, of every link that leads nowhere, too."""
    seen: set[tuple[int, int]] = set()
    folders, links = [""], list[str]()
    while folders or links:
        if not folders:  # folders come by their own names before any link to them
            links.sort(reverse=True)
            folders.append(links.pop())
        prefix = folders.pop()
        with _opened(f"{directory}/{prefix}") as folder, os.scandir(folder) as entries:
            for entry in entries if _is_new(folder, seen) else ():
                if entry.name.startswith("."):
                    continue
                if entry.is_file(follow_symlinks=False):
                    yield prefix, entry
                elif entry.is_symlink() and not _exists(entry):
                    if broken:
                        yield prefix, entry
                elif entry.is_dir():
                    (links if entry.is_symlink() else folders).append(f"{prefix}{entry.name}/")
                elif entry.is_file():
                    yield prefix, entry


@contextmanager
def _opened(folder: str) -> Iterator[int]:
    """The folder as a number: what is asked of its files then need not be looked for from the top, which is slower."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield number
    finally:
        os.close(number)


def _is_file(entry: os.DirEntry[str]) -> bool:
    return entry.is_file(follow_symlinks=False) or (_exists(entry) and entry.is_file())


def _exists(entry: os.DirEntry[str]) -> bool:
    try:
        entry.stat()
    except OSError:
        return False
    return True


def _is_new(folder: int, seen: set[tuple[int, int]]) -> bool:
    status = os.fstat(folder)
    place = (status.st_dev, status.st_ino)
    new = place not in seen
    seen.add(place)
    return new
