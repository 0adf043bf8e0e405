"""Files that a command will write, looked at before it works for them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from yolozu.errors import Finding, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


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


def _unwritable(outputs: Mapping[str, Path]) -> Iterator[Finding]:
    for option, path in outputs.items():
        where = f"{option} {path}"
        around = next(parent for parent in path.absolute().parents if parent.exists())
        if path.is_dir():
            yield Finding("YZ727", where, "is a directory", f"name a file, such as {path / 'FILE'}")
        elif not around.is_dir():
            yield Finding("YZ727", where, f"{around} is no directory", "name a file in a directory")
        elif not os.access(around, os.W_OK | os.X_OK):
            fix = "choose a file in a directory that can be written to"
            yield Finding("YZ727", where, f"{around} cannot be written to", fix)


def _overwriting(outputs: Mapping[str, Path], inputs: Iterable[Path]) -> Iterator[Finding]:
    taken = {path.resolve(): "this command reads it" for path in inputs}
    for option, path in outputs.items():
        said = taken.get(path.resolve())
        if said is not None:
            yield Finding("YZ905", f"{option} {path}", said, "name another file")
        taken.setdefault(path.resolve(), f"{option} writes it, too")
