"""JSON as files: canonical text, written whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from yolozu.errors import InputError

MISFIT = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What is raised where values are read from a document that is not what it should be; numbers may have any size."""


def canonical(value: Any) -> str:
    """``value`` as the one JSON text it has here: sorted keys, no spaces, no NaN, UTF-8 letters as they are."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def pretty(value: Any) -> str:
    """``value`` as JSON for people: sorted keys, two spaces, newline at the end."""
    return json.dumps(value, sort_keys=True, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def fsync_dir(directory: Path) -> None:
    """Make renames inside ``directory`` survive a power cut."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def naming_path(path: Path) -> Iterator[None]:
    """What the system refuses in the block is said of ``path``; writing to an open file names none."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


@contextmanager
def parents_made(directory: Path) -> Iterator[None]:
    """``directory`` is there in the block; what was made for it goes again if the block fails and leaves it empty."""
    made = [place for place in (directory, *directory.parents) if not place.exists()]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        with suppress(OSError):
            for place in made:
                place.rmdir()
        raise


@contextmanager
def atomic_replacement(path: Path) -> Iterator[Path]:
    """A path beside ``path`` that takes its place, synced, when the block ends well; else nothing happens."""
    with parents_made(path.parent), _replacement_beside(path) as aside:
        yield aside


@contextmanager
def _replacement_beside(path: Path) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    os.close(handle)
    aside = Path(name)
    try:
        with naming_path(path):
            yield aside
            with aside.open("rb+") as file:
                os.fsync(file.fileno())
        aside.chmod(0o644)
        aside.replace(path)
        fsync_dir(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Replace the file at ``path`` with ``text``, whole or not at all."""
    with atomic_replacement(path) as aside:
        aside.write_text(text, encoding="utf-8")


def write_text_if_changed(path: Path, text: str) -> bool:
    """Like `write_text`, but an equal file keeps its modification time. True when it was written."""
    if path.is_file() and path.read_bytes() == text.encode("utf-8"):
        return False
    write_text(path, text)
    return True


def read_json(path: Path, *, code: str, fix: str) -> Any:
    """The value in a JSON file.

    Raises:
        InputError: ``code``, with ``fix``, when the file is missing, unreadable or no JSON (NaN counts as none).
    """
    try:
        return json.loads(path.read_bytes(), parse_constant=_refuse_constant)
    except (OSError, ValueError, RecursionError) as error:
        raise InputError.one(
            code, where=str(path), problem=f"cannot be read as JSON: {explain_read_error(error)}", fix=fix
        ) from error


def explain_read_error(error: OSError | ValueError | RecursionError) -> str:
    """Why a text or JSON file could not be read, in words for people; Python's own are for programmers."""
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}"
    if isinstance(error, UnicodeDecodeError):
        return f"is no UTF-8 text (byte 0x{error.object[error.start]:02x} at position {error.start})"
    if isinstance(error, RecursionError):
        return "nests too deeply"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "holds a number of thousands of digits" if "integer string conversion" in str(error) else str(error)


def explain_misfit(error: Exception) -> str:
    """What a document lacks that some code wanted to read from it, one of `MISFIT`, in words for people."""
    if isinstance(error, ArithmeticError):
        return "a number in it is too large"
    if isinstance(error, RecursionError):
        return "nests too deeply"
    if isinstance(error, KeyError):
        return f"it has no {error.args[0]!r}"
    return str(error) if isinstance(error, ValueError) else "something in it is of another kind than it should be"


def is_text(value: str) -> bool:
    """Whether ``value`` can be written as UTF-8; names of files may hold bytes, and JSON escapes, that cannot."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
