"""doit's records of one run, on disk as soon as each is made."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Protocol


class Codec(Protocol):
    """How doit turns a record into text and back."""

    def encode(self, data: Any) -> str:
        """Text of a record."""
        ...

    def decode(self, text: str) -> Any:
        """Record of a text."""
        ...


class DurableDatabase:
    """A doit backend that commits every change.

    The backends of doit itself write when the process ends, so a kill forgets every task that had succeeded. The file
    is made by the first record, not by looking: listing tasks leaves no trace.
    """

    desc = "sqlite, committed at every record"

    def __init__(self, name: str, codec: Codec, *, module_name: str | None = None) -> None:  # noqa: ARG002 - doit's call
        self.name = name
        self._path = Path(name)
        self._codec = codec
        self._connection: sqlite3.Connection | None = None
        self._records: dict[str, dict[str, Any]] = {}
        if self._path.is_file():
            self._records = {task: codec.decode(text) for task, text in self._open().execute("select * from records")}

    def get(self, task_id: str, dependency: str) -> Any:
        """A value of a task, None when unknown."""
        return self._records.get(task_id, {}).get(dependency)

    def set(self, task_id: str, dependency: str, value: Any) -> None:
        """Record a value of a task, durably."""
        record = self._records.setdefault(task_id, {})
        record[dependency] = value
        with self._open() as connection:
            connection.execute("insert or replace into records values (?, ?)", (task_id, self._codec.encode(record)))

    def in_(self, task_id: str) -> bool:
        """Whether anything is known of a task."""
        return task_id in self._records

    def remove(self, task_id: str) -> None:
        """Forget a task."""
        if self._records.pop(task_id, None) is not None:
            with self._open() as connection:
                connection.execute("delete from records where task = ?", (task_id,))

    def remove_all(self) -> None:
        """Forget everything."""
        if self._records:
            self._records.clear()
            with self._open() as connection:
                connection.execute("delete from records")

    def dump(self) -> None:
        """Close; everything is on disk already."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self._path, timeout=30.0)
            self._connection.execute("pragma journal_mode=wal")
            self._connection.execute("create table if not exists records (task text primary key, record text)")
        return self._connection
