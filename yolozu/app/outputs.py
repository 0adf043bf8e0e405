"""Files that a command will write, looked at before it works for them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from yolozu.errors import Finding, UsageError

LONGEST_NAME = 255
"""Bytes of a name that file systems take."""


def require_writable(outputs: Mapping[str, Path | None], inputs: Iterable[Path | None] = ()) -> None:
    """Refuse outputs that could not be written, or would take the place of another file of the same command.

    Args:
        outputs: option -> file that it asks to be written; None where it asks for none.
        inputs: files that are read; None where none is.

    Raises:
        UsageError: YZ727 a file cannot be written, YZ905 it is read, or written twice; all that is wrong.
    """
    asked = {option: path for option, path in outputs.items() if path is not None}
    findings = [*_unwritable(asked), *_overwriting(asked, [path for path in inputs if path is not None])]
    if findings:
        raise UsageError(findings)


def require_makeable(option: str, directory: Path) -> None:
    """Refuse a directory that is not there and could not be made; one that is there may hold all that is asked for.

    Raises:
        UsageError: YZ727.
    """
    if os.path.isdir(directory):  # noqa: PTH112 - never raises
        return
    problem = "is there, and is no directory" if os.path.lexists(directory) else _hindrance(directory)
    if problem is not None:
        fix = "choose a directory in one that can be written to"
        raise UsageError.one("YZ727", where=f"{option} {directory}", problem=problem, fix=fix)


def _unwritable(outputs: Mapping[str, Path]) -> Iterator[Finding]:
    for option, path in outputs.items():
        where, hindrance = f"{option} {path}", _hindrance(path)
        if os.path.isdir(path):  # noqa: PTH112 - never raises
            yield Finding("YZ727", where, "is a directory", f"name a file, such as {path / 'FILE'}")
        elif os.path.lexists(path) and not (os.path.isfile(path) or path.is_symlink()):  # noqa: PTH113 - never raises
            yield Finding("YZ727", where, "is no file, and none may take its place", "name a file")
        elif hindrance is not None and hindrance.endswith("is no directory"):
            yield Finding("YZ727", where, hindrance, "name a file in a directory")
        elif hindrance is not None:
            yield Finding("YZ727", where, hindrance, "choose a file in a directory that can be written to")


def _hindrance(path: Path) -> str | None:
    """Why nothing can be made at ``path``; None where it can. Only trying shows it: to root all seems permitted."""
    around = next(parent for parent in path.absolute().parents if os.path.exists(parent))  # noqa: PTH110 - never raises
    if not around.is_dir():
        return f"{around} is no directory"
    if around == Path("/dev"):
        return f"{around} is no place for files"
    if max(len(os.fsencode(part)) for part in path.absolute().parts) > LONGEST_NAME:
        return "has a name that is too long"
    if not os.access(around, os.W_OK | os.X_OK):
        return f"{around} cannot be written to"
    try:
        tempfile.TemporaryFile(dir=around).close()
    except OSError:
        return f"{around} cannot be written to"
    return None


def _overwriting(outputs: Mapping[str, Path], inputs: Iterable[Path]) -> Iterator[Finding]:
    taken = {path.resolve(): "this command reads it" for path in inputs}
    for option, path in outputs.items():
        said = taken.get(path.resolve())
        if said is not None:
            yield Finding("YZ905", f"{option} {path}", said, "name another file")
        taken.setdefault(path.resolve(), f"{option} writes it, too")
