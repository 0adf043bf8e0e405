"""The files of a data set, found quickly and always in the same order. Free of numpy: planning lists files too.

A directory without pictures of its own but with tar files holds what is in these: each is as good as a folder.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from yolozu.artifacts.listing import Listing, has_ending, listing_of
from yolozu.artifacts.packed_files import TAR_SUFFIX, is_tar, members_of
from yolozu.artifacts.tar_index import compressed, first_members

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
LABEL_SUFFIXES = frozenset({".txt"})
SIDECAR_SUFFIXES = frozenset({".json"})
XML_SUFFIXES = frozenset({".xml"})
Look = Callable[[Path, frozenset[str]], Listing]
"""What lists the files with such endings below a directory: `listing_below`, or what remembers its answers."""

INDEX_SUFFIX = ".idx"
TAR_SUFFIXES = frozenset({TAR_SUFFIX})
COMPRESSED_TARS = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst")
BROKEN_LINK = "link(s) to nowhere"


def files_below(directory: Path, suffixes: Collection[str], *, packed: bool = True) -> list[str]:
    """Paths of the files in ``directory`` and its folders, sorted; hidden ones are no part of a data set.

    A folder that links lead to again counts once, by the name that needs no link or else the first link's.

    Args:
        directory: an existing directory, or a tar file.
        suffixes: wanted endings in lower case, with the dot; compared without regard to case. What lies in a tar file
            ends from the first dot of its name on, as in WebDataset: ``7.seg.png`` is no picture but belongs to ``7``.
        packed: whether tar files stand for folders, where there are no pictures beside them.

    Returns:
        Posix paths relative to ``directory``.

    Raises:
        OSError: a directory cannot be read.
        InputError: YZ276 to YZ278, a tar file cannot be used.
    """
    if is_tar(directory):
        return sorted(name for name in members_of(directory) if _ending(name) in suffixes)
    ends, pictures = tuple(suffixes), tuple(IMAGE_SUFFIXES)
    found = [prefix + entry.name for prefix, entry in _walk(directory) if has_ending(entry.name, ends)]
    if packed and not any(has_ending(name, pictures) for name in found):
        found += (name for name in _members(directory, _tars(directory)) if _ending(name) in suffixes)
    return sorted(found)


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


def pictures_on_disk(directory: Path, look: Look = listing_below) -> Listing:
    """The files that hold the pictures below ``directory``: themselves, or the tar files, which nobody opens."""
    if is_tar(directory):
        return listing_of([directory])
    pictures = look(directory, IMAGE_SUFFIXES)
    return pictures if len(pictures) else look(directory, TAR_SUFFIXES)


def labels_on_disk(directory: Path, suffixes: frozenset[str], look: Look, *, packed: bool) -> list[Listing]:
    """The files that hold the labels below ``directory``; with ``packed``, the tar files too, which nobody opens."""
    if is_tar(directory):
        return [listing_of([directory])]
    return [look(directory, suffixes), *([look(directory, TAR_SUFFIXES)] if packed else [])]


def others_below(directory: Path, suffixes: Collection[str]) -> dict[str, int]:
    """How many files in ``directory`` and its folders have other endings, by ending: the most frequent first.

    Raises:
        OSError: a directory cannot be read.
        InputError: YZ276 to YZ278, a tar file cannot be used.
    """
    if is_tar(directory):
        found = Counter(map(_ending, members_of(directory)))
    else:
        tars = _tars(directory)
        walked = _walk(directory, broken=True)
        found = Counter(suffix_of(entry.name) if _is_file(entry) else BROKEN_LINK for _, entry in walked)
        found.subtract({TAR_SUFFIX: len(tars)})
        if tars:
            del found[INDEX_SUFFIX]  # where members lie, for other readers
        found.update(map(_ending, _members(directory, tars)))
    wanted = ((kind, count) for kind, count in found.items() if count and kind not in suffixes)
    return dict(sorted(wanted, key=lambda entry: (-entry[1], entry[0])))


def glimpse(directory: Path) -> Iterator[tuple[str, str]]:
    """Relative path and ending of every file below ``directory``, and of the first few members of its first tar file.

    Nothing is said of what is wrong with a tar file.

    Raises:
        OSError: a directory cannot be read.
    """
    for prefix, entry in _walk(directory):
        yield prefix + entry.name, suffix_of(entry.name)
    for tar in _tars(directory)[:1]:
        yield from ((f"{tar}/{name}", _ending(name)) for name in first_members(directory / tar))


def holds_tars(directory: Path) -> bool:
    """Whether ``directory`` is a tar file or a directory whose tar files stand for folders.

    Raises:
        OSError: a directory cannot be read.
    """
    return is_tar(directory) or (os.path.isdir(directory) and bool(_tars(directory)))  # noqa: PTH112


def refuse_compressed(directory: Path) -> None:
    """Refuse a directory of compressed tar files, of which nobody would see that they are passed over.

    Raises:
        InputError: YZ277.
    """
    found = [] if is_tar(directory) else _instead_of_pictures(directory, COMPRESSED_TARS)
    if found:
        raise compressed(directory / found[0], suffix_of(found[0]))


def is_folder(path: Path) -> bool:
    """Whether ``path`` is a directory or, which is as good, a tar file."""
    return path.is_dir() or is_tar(path)


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


def _tars(directory: Path) -> list[str]:
    """The tar files below a directory, where these stand for folders."""
    return _instead_of_pictures(directory, (TAR_SUFFIX,))


def _instead_of_pictures(directory: Path, ends: tuple[str, ...]) -> list[str]:
    """Files with such endings below a directory without pictures; none as soon as a picture is found."""
    found, pictures = [], tuple(IMAGE_SUFFIXES)
    for prefix, entry in _walk(directory):
        if has_ending(entry.name, pictures):
            return []
        if has_ending(entry.name, ends):
            found.append(prefix + entry.name)
    return sorted(found)


def _members(directory: Path, tars: Iterable[str]) -> Iterator[str]:
    return (f"{tar}/{name}" for tar in tars for name in members_of(directory / tar))


def _ending(member: str) -> str:
    _, dot, ending = member.rpartition("/")[2].partition(".")
    return (dot + ending).lower()


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
