"""A zip of a data set, unpacked whole or not at all, and nowhere but where it should."""

from __future__ import annotations

import shutil
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from yolozu.artifacts.zip_damage import ZIP_DAMAGE
from yolozu.errors import Finding, InputError
from yolozu.progress import Progress

MOST_BYTES = 4 << 30
"""Unpacked; no data set fetched here is nearly as large."""

MOST_SHOWN = 20
ENCRYPTED = 0x1
"""Bit of a member's flags (PKWARE APPNOTE 4.4.4)."""

LEFT_OUT = frozenset({"__MACOSX", "Thumbs.db"})
"""What systems leave in archives."""

FIX = "fetch it again, or from somewhere else"


def unpack(archive: Path, into: Path, progress: Progress) -> None:
    """Unpack ``archive`` into ``into``; a single directory that holds everything is left away.

    All members are looked at before the first is written. Hidden files are left out.

    Args:
        archive: a zip file.
        into: an existing, empty directory.
        progress: where it is shown.

    Raises:
        InputError: YZ267 it is no zip, is damaged, or has members that no data set has: links, encrypted ones, names
            that lead out of it.
        OSError: something cannot be written.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            wanted = list(_wanted(opened))
            _refuse_unsafe(archive, wanted)
            bare = _without_common_top({_inner(info.filename): info for info in wanted})
            with progress.bar("unpacking", len(bare)) as bar:
                for name, info in bare.items():
                    _write(opened, info, into / name)
                    bar.advance()
    except ZIP_DAMAGE as error:
        raise _refused(archive, f"is no zip, or damaged: {error}") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise _refused(archive, f"is no zip, or damaged: {error}") from error  # so says bz2; the system gives a number


def _wanted(opened: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    for info in opened.infolist():
        parts = _inner(info.filename).parts
        if not info.is_dir() and not any(part in LEFT_OUT or _is_hidden(part) for part in parts):
            yield info


def _inner(filename: str) -> PurePosixPath:
    return PurePosixPath(filename.replace("\\", "/"))


def _is_hidden(part: str) -> bool:
    return part.startswith(".") and part != ".."


def _refuse_unsafe(archive: Path, members: list[zipfile.ZipInfo]) -> None:
    problems = [(info.filename, problem) for info in members for problem in _problems(info)]
    seen: set[str] = set()
    for info in members:
        folded = str(_inner(info.filename)).casefold()
        if folded in seen:
            problems.append((info.filename, "is there twice"))
        seen.add(folded)
    if not members:
        problems.append(("", "holds no file"))
    if sum(info.file_size for info in members) > MOST_BYTES:
        problems.append(("", f"unpacks to more than {MOST_BYTES >> 30} GiB"))
    if problems:
        raise InputError(
            Finding("YZ267", f"{archive}: {name}".removesuffix(": "), problem, FIX)
            for name, problem in problems[:MOST_SHOWN]
        )


def _problems(info: zipfile.ZipInfo) -> Iterator[str]:
    path = _inner(info.filename)
    if not path.parts or path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        yield "leads out of the archive's directory"
    if stat.S_ISLNK(info.external_attr >> 16):
        yield "is a link"
    if info.flag_bits & ENCRYPTED:
        yield "is encrypted"


def _without_common_top(members: dict[PurePosixPath, zipfile.ZipInfo]) -> dict[Path, zipfile.ZipInfo]:
    tops = {path.parts[0] for path in members}
    wrapped = len(tops) == 1 and all(len(path.parts) > 1 for path in members)
    return {Path(*path.parts[1 if wrapped else 0 :]): info for path, info in members.items()}


def _write(opened: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(info) as source, target.open("wb") as file:
        shutil.copyfileobj(source, file)


def _refused(archive: Path, problem: str) -> Exception:
    return InputError.one("YZ267", where=str(archive), problem=problem, fix=FIX)
