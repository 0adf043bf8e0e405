"""doit's records of one run, on disk as soon as each is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from yolozu.artifacts.disk_cache import DiskCache


class Codec(Protocol):
    """How doit turns a record into text and back."""

    def encode(self, data: Any) -> str:
        """Text of a record."""
        ...

    def decode(self, text: str) -> Any:
        """Record of a text."""
        ...


class DurableDatabase:
    """A doit backend that commits every change, and of which nothing depends: without it, receipts decide.

    The backends of doit itself write when the process ends, so a kill forgets every task that had succeeded. The file
    is made by the first record, not by looking: listing tasks leaves no trace.
    """

    desc = "sqlite, committed at every record"

    def __init__(self, name: str, codec: Codec, *, module_name: str | None = None) -> None:  # noqa: ARG002 - doit's call
        self.name = name
        self._codec = codec
        self._file = DiskCache(Path(name), ("records (task text primary key, record text)",))
        found = {task: self._decoded(text) for task, text in self._file.rows("select task, record from records")}
        self._records = {task: record for task, record in found.items() if record is not None}

    def get(self, task_id: str, dependency: str) -> Any:
        """A value of a task, None when unknown."""
        return self._records.get(task_id, {}).get(dependency)

    def set(self, task_id: str, dependency: str, value: Any) -> None:
        """Record a value of a task, durably."""
        record = self._records.setdefault(task_id, {})
        record[dependency] = value
        self._file.write(("insert or replace into records values (?, ?)", [(task_id, self._codec.encode(record))]))

    def in_(self, task_id: str) -> bool:
        """Whether anything is known of a task."""
        return task_id in self._records

    def remove(self, task_id: str) -> None:
        """Forget a task."""
        if self._records.pop(task_id, None) is not None:
            self._file.write(("delete from records where task = ?", [(task_id,)]))

    def remove_all(self) -> None:
        """Forget everything."""
        if self._records:
            self._records.clear()
            self._file.write(("delete from records", [()]))

    def dump(self) -> None:
        """Close; everything is on disk already."""
        self._file.close()

    def _decoded(self, text: Any) -> dict[str, Any] | None:
        """A record; None for a damaged one, which doit then does not know."""
        try:
            record = self._codec.decode(text)
        except (TypeError, ValueError, RecursionError):
            return None
        return record if isinstance(record, dict) else None
