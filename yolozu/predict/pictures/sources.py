"""Pictures that are in no data set: files, folders, patterns and lists of them."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path

from yolozu.data.layouts.files import IMAGE_SUFFIXES, files_below, stem_of, suffix_of
from yolozu.errors import Finding, UsageError
from yolozu.predict.pictures.picture import Picture
from yolozu.registry import nearest

LIST_SUFFIX = ".txt"
VIDEO_SUFFIXES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv"})


def pictures_in(sources: Sequence[str]) -> list[Picture]:
    """The pictures that sources mean, each file once, in the order of the sources.

    A folder stands for the pictures in it and in its folders, a pattern (``*``, ``?``, ``[…]``, ``**``) for the files
    that match it, and a ``.txt`` file for the files it lists, a path a line, relative to the list.

    Raises:
        UsageError: YZ635 sources that give no picture, all of them.
    """
    found: dict[Path, str] = {}
    findings: list[Finding] = []
    for source in sources:
        pictures = _pictures_of(source)
        if isinstance(pictures, Finding):
            findings.append(pictures)
            continue
        for picture in pictures:
            found.setdefault(picture.path, picture.name)
    if findings:
        raise UsageError(findings)
    return list(_with_names_of_their_own(found))


def _pictures_of(source: str) -> list[Picture] | Finding:
    path = Path(source)
    if not source:
        return _no_picture("''", "names nothing", "name a picture, or . for this folder")
    if path.is_dir():
        below = [Picture(path / name, name) for name in files_below(path, IMAGE_SUFFIXES)]
        return below or _no_picture(source, "no picture is in this folder", _suffixes())
    if path.is_file():
        if suffix_of(source) in VIDEO_SUFFIXES:
            fix = f"write its frames as pictures first: ffmpeg -i {source} frames/%06d.jpg"
            return _no_picture(source, "videos are not read", fix)
        return _listed(path) if suffix_of(source) == LIST_SUFFIX else [Picture(path, path.name)]
    if glob.has_magic(source):
        matching = sorted(glob.glob(source, recursive=True))  # noqa: PTH207 - patterns may be absolute
        pictures = [Picture(Path(name), Path(name).name) for name in matching if suffix_of(name) in IMAGE_SUFFIXES]
        return pictures or _no_picture(source, "no picture matches this pattern", _suffixes())
    return _absent(path, source)


def _listed(path: Path) -> list[Picture] | Finding:
    lines = path.read_text(encoding="utf-8-sig", errors="surrogateescape").splitlines()
    written = [(number, line.strip()) for number, line in enumerate(lines, start=1) if line.strip()]
    pictures = [(number, path.parent / line) for number, line in written]
    missing = [(number, picture) for number, picture in pictures if not picture.is_file()]
    if missing:
        number, picture = missing[0]
        more = f", and {len(missing) - 1} more of its files are not either" if len(missing) > 1 else ""
        fix = "write paths relative to the list, or absolute ones"
        return _no_picture(f"{path}:{number}", f"{picture} is not there{more}", fix)
    return [Picture(picture, picture.name) for _, picture in pictures] or _no_picture(
        str(path), "lists no picture", "write the path of a picture a line"
    )


def _absent(path: Path, source: str) -> Finding:
    beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    guess = nearest(path.name, beside)
    fix = "name a picture, a folder, a pattern in quotes or a .txt list"
    return _no_picture(source, "is not there", fix if guess is None else f"did you mean {path.parent / guess}?")


def _no_picture(where: str, problem: str, fix: str) -> Finding:
    return Finding("YZ635", where, problem, fix)


def _suffixes() -> str:
    return f"pictures end in {', '.join(sorted(IMAGE_SUFFIXES))}"


def _with_names_of_their_own(found: dict[Path, str]) -> Iterator[Picture]:
    """Names that differ before their suffix, too: what is made of ``a.jpg`` and ``a.png`` may have one of its own."""
    taken: set[str] = set()
    for path, name in found.items():
        own, number = name, 2
        while stem_of(own).casefold() in taken:
            own = str(Path(name).with_stem(f"{Path(name).stem}-{number}"))
            number += 1
        taken.add(stem_of(own).casefold())
        yield Picture(path, own)
