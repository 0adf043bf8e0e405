"""Pictures that are in no data set: files, folders, patterns and lists of them, videos, and standard input."""

from __future__ import annotations

import glob
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from yolozu.artifacts.packed_files import is_file
from yolozu.data.images import decode_image, focal_px_of
from yolozu.data.layouts.files import IMAGE_SUFFIXES, files_below, is_folder, stem_of, suffix_of
from yolozu.errors import Finding, InputError, UsageError
from yolozu.predict.pictures.picture import Picture
from yolozu.predict.pictures.video import VIDEO_SUFFIXES, Video, lacks_reader
from yolozu.registry import nearest

LIST_SUFFIX = ".txt"
STANDARD_INPUT = "-"
SHOWN = IMAGE_SUFFIXES | VIDEO_SUFFIXES
"""How files end that folders and patterns stand for."""

Source = Picture | Video


def sources_in(words: Sequence[str]) -> list[Source]:
    """The pictures and videos that words mean, each file once, in the order of the words.

    A folder stands for the pictures and videos in it and in its folders, a tar file for the pictures in it, a pattern
    (``*``, ``?``, ``[…]``, ``**``) for those that match it, a ``.txt`` file for the files it lists, a path a line,
    relative to the list, and ``-`` for the picture whose bytes standard input gives.

    Raises:
        UsageError: YZ635 words that give no picture, YZ643 videos that nothing here can read; all of them.
    """
    found: dict[Path, Source] = {}
    findings: list[Finding] = []
    for word in words:
        sources = _sources_of(word)
        unread = sources if isinstance(sources, Finding) else _unread(word, sources)
        if isinstance(unread, Finding):
            findings.append(unread)
            continue
        for source in unread:
            found.setdefault(source.path, source)
    if findings:
        raise UsageError(findings)
    return list(_with_names_of_their_own(list(found.values())))


def each_picture(sources: Iterable[Source], *, every: int) -> Iterator[Picture | Finding]:
    """The pictures one at a time, and in their places each ``every``-th frame of videos; what of these is damaged."""
    for source in sources:
        if isinstance(source, Video):
            yield from source.frames(every)
        else:
            yield source


def _sources_of(word: str) -> list[Source] | Finding:
    path = Path(word)
    if not word:
        return _no_picture("''", "names nothing", "name a picture, or . for this folder")
    if word == STANDARD_INPUT:
        return _standard_input()
    if is_folder(path):
        below = [_source(path / name, name) for name in files_below(path, SHOWN)]
        return below or _no_picture(word, "no picture is in this folder", _suffixes())
    if path.is_file():
        return _listed(path) if suffix_of(word) == LIST_SUFFIX else [_source(path, path.name)]
    if glob.has_magic(word):
        matching = sorted(glob.glob(word, recursive=True))  # noqa: PTH207 - patterns may be absolute
        found = [_source(Path(name), Path(name).name) for name in matching if suffix_of(name) in SHOWN]
        return found or _no_picture(word, "no picture matches this pattern", _suffixes())
    return _absent(path, word)


def _source(path: Path, name: str) -> Source:
    return Video(path, name) if suffix_of(name) in VIDEO_SUFFIXES else Picture(path, name)


def _standard_input() -> list[Source] | Finding:
    if sys.stdin.isatty():
        return _no_picture(STANDARD_INPUT, "nothing is piped in", "cat kitchen.jpg | yolozu predict -")
    try:
        data = sys.stdin.buffer.read()
        pixels_HW3 = decode_image(data, where=STANDARD_INPUT)
    except InputError as error:
        fix = "pipe in the bytes of one picture; paths go into a .txt list"
        return _no_picture(STANDARD_INPUT, error.findings[0].problem, fix)
    return [Picture(Path(STANDARD_INPUT), "stdin.jpg", pixels_HW3, focal_px_of(data))]


def _unread(word: str, sources: list[Source]) -> list[Source] | Finding:
    """The sources, unless there are videos among them that nothing here can read."""
    videos = [source for source in sources if isinstance(source, Video)]
    if not videos or not lacks_reader():
        return sources
    fix = "pip install 'yolozu[video]'"
    if len(sources) == 1:
        return Finding("YZ643", word, "videos are read by PyAV, which is not installed", fix)
    problem = (
        f"{len(videos)} of {len(sources)} are videos, such as {videos[0].name}, which PyAV reads; it is not installed"
    )
    return Finding("YZ643", word, problem, f"{fix}, or name the pictures alone: '*.jpg'")


def _listed(path: Path) -> list[Source] | Finding:
    lines = path.read_text(encoding="utf-8-sig", errors="surrogateescape").splitlines()
    written = [(number, line.strip()) for number, line in enumerate(lines, start=1) if line.strip()]
    pictures = [(number, path.parent / line) for number, line in written]
    missing = [(number, picture) for number, picture in pictures if not is_file(picture)]
    if missing:
        number, picture = missing[0]
        more = f", and {len(missing) - 1} more of its files are not either" if len(missing) > 1 else ""
        fix = "write paths relative to the list, or absolute ones"
        return _no_picture(f"{path}:{number}", f"{picture} is not there{more}", fix)
    return [_source(picture, picture.name) for _, picture in pictures] or _no_picture(
        str(path), "lists no picture", "write the path of a picture a line"
    )


def _absent(path: Path, source: str) -> Finding:
    beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    guess = nearest(path.name, beside)
    fix = "name a picture, a video, a folder, a pattern in quotes or a .txt list"
    return _no_picture(source, "is not there", fix if guess is None else f"did you mean {path.parent / guess}?")


def _no_picture(where: str, problem: str, fix: str) -> Finding:
    return Finding("YZ635", where, problem, fix)


def _suffixes() -> str:
    return f"pictures end in {', '.join(sorted(IMAGE_SUFFIXES))}, videos in {', '.join(sorted(VIDEO_SUFFIXES))}"


def _with_names_of_their_own(found: Sequence[Source]) -> Iterator[Source]:
    """Names that differ before their suffix, too: what is made of ``a.jpg`` and ``a.png`` may have one of its own.

    A video's differs from those of pictures that are called as its frames are.
    """
    stems = (stem_of(source.name).casefold() for source in found if isinstance(source, Picture))
    framed = {match[1] for stem in stems if (match := re.fullmatch(r"(.+)-\d{6,}", stem))}
    taken: set[str] = set()
    for source in found:
        own, number = source.name, 2
        held = taken | framed if isinstance(source, Video) else taken
        while stem_of(own).casefold() in held:
            own = str(Path(source.name).with_stem(f"{Path(source.name).stem}-{number}"))
            number += 1
        taken.add(stem_of(own).casefold())
        yield replace(source, name=own)
