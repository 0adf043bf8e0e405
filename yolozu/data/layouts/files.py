"""The files of a data set, found quickly and always in the same order. Free of numpy: planning lists files too."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

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
    return sorted(name for name, suffix in _walk(directory) if suffix in suffixes)


def others_below(directory: Path, suffixes: Collection[str]) -> dict[str, int]:
    """How many files in ``directory`` and its folders have other endings, by ending: the most frequent first.

    Raises:
        OSError: a directory cannot be read.
    """
    found = Counter(suffix for _, suffix in _walk(directory) if suffix not in suffixes)
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


def _walk(directory: Path) -> Iterator[tuple[str, str]]:
    """Relative path and ending in lower case of every file; `BROKEN_LINK` for a link that leads nowhere."""
    seen: set[tuple[int, int]] = set()
    folders, links = [("", str(directory))], list[tuple[str, str]]()
    while folders or links:
        if not folders:  # folders come by their own names before any link to them
            links.sort(reverse=True)
            folders.append(links.pop())
        prefix, folder = folders.pop()
        if not _is_new(folder, seen):
            continue
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_symlink() and not os.path.exists(entry.path):  # noqa: PTH110 - a million names
                    yield prefix + entry.name, BROKEN_LINK
                elif entry.is_dir():
                    (links if entry.is_symlink() else folders).append((f"{prefix}{entry.name}/", entry.path))
                elif entry.is_file():
                    yield prefix + entry.name, suffix_of(entry.name)


def _is_new(path: str, seen: set[tuple[int, int]]) -> bool:
    status = os.stat(path)  # noqa: PTH116 - as above
    place = (status.st_dev, status.st_ino)
    new = place not in seen
    seen.add(place)
    return new
