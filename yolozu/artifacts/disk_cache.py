"""Tables on disk that only save time: damaged, they are made anew; where they cannot be used, work goes on without."""

from __future__ import annotations

import logging
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Found = TypeVar("Found")
    Row = tuple[Any, ...]

WAIT_S = 5.0
"""How long another process may hold the file before this one goes on without."""

COMPANIONS = ("-wal", "-shm", "-journal")
"""What sqlite keeps beside a file, by the end of its name."""

_ELSEWHERE = frozenset(
    {
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_IOERR,
    }
)  # fmt: skip
"""Errors of sqlite that say nothing against the file's content."""

_SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""What comes of a file's content; the second where sqlite quotes a damaged name, which Python cannot decode."""

_given_up: set[str] = set()
"""Files that this process does without: nobody waits for them, or tells of them, a second time."""


class DiskCache:
    """An sqlite file whose loss costs nothing but time. It is made by the first write, not by looking.

    What happens to it is a warning in the log ``yolozu``, which Python prints on stderr where nobody else listens. That
    a place may only be read is nothing that happens: there, what is in the file is used, and nothing is added.
    """

    def __init__(self, path: Path, tables: Sequence[str]) -> None:
        """A file at ``path`` with ``tables``, each ``name (columns)``."""
        self._path = path
        self._name = str(path.absolute())
        self._tables = tables
        self._connection: sqlite3.Connection | None = None

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """What a query finds; nothing where there is no file, or none to be used."""
        if self._connection is None and not os.path.lexists(self._name):
            return []
        return self._tried(lambda connection: connection.execute(query, values).fetchall(), [])

    def write(self, *statements: tuple[str, Iterable[Row]]) -> None:
        """Run statements, each for all of its rows, and commit them together; nothing where that is impossible."""
        held = [(statement, list(rows)) for statement, rows in statements]

        def act(connection: sqlite3.Connection) -> None:
            with connection:
                for statement, rows in held:
                    connection.executemany(statement, rows)

        self._tried(act, None)

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _tried(self, act: Callable[[sqlite3.Connection], Found], otherwise: Found) -> Found:
        """What ``act`` gives; a file whose content prevents it is made anew once."""
        for renewed in (False, True):
            if self._name in _given_up:
                break
            try:
                return act(self._open())
            except (*_SQLITE_ERRORS, OSError) as error:
                self.close()
                if renewed or not self._renew(error):
                    self._give_up(error)
        return otherwise

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._connection = self._opened(str(self._path))
            except sqlite3.OperationalError as error:
                if _code(error) not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN) or not self._path.is_file():
                    raise
                # In a directory that may only be read, sqlite looks at a file that is declared not to change.
                self._connection = sqlite3.connect(f"{Path(self._name).as_uri()}?immutable=1", uri=True)
        return self._connection

    def _opened(self, name: str) -> sqlite3.Connection:
        connection = sqlite3.connect(name, timeout=WAIT_S)
        try:
            connection.execute("pragma journal_mode=wal")
            for table in self._tables:
                connection.execute(f"create table if not exists {table}")
        except _SQLITE_ERRORS:
            connection.close()
            raise
        return connection

    def _renew(self, error: Exception) -> bool:
        """Take a damaged file out of the way; False where it is not the file that is to blame."""
        is_directory = self._path.is_dir()
        if not is_directory and (isinstance(error, OSError) or _code(error) in _ELSEWHERE):
            return False
        try:
            if is_directory:
                self._path.rename(f"{self._path}.damaged")
            for name in (*COMPANIONS, ""):
                Path(f"{self._path}{name}").unlink(missing_ok=True)
        except OSError:
            return False
        _tell(f"{self._path} was damaged ({error}) and is made anew; it only saves time")
        return True

    def _give_up(self, error: Exception) -> None:
        _given_up.add(self._name)
        if not _may_only_be_read(self._path):
            _tell(f"{self._path} cannot be used ({error}); going on without it, which only costs time")


def _may_only_be_read(path: Path) -> bool:
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    return not os.access(there, os.W_OK)


def _code(error: Exception) -> int | None:
    """Primary code of an error of sqlite; None where it is the reader's, such as a text that is no UTF-8."""
    found = getattr(error, "sqlite_errorcode", None)
    return None if found is None else found & 0xFF


def _tell(line: str) -> None:
    logging.getLogger("yolozu").warning("warning: %s", line)
