"""Who may write: one builder a run, one worker a stage."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from yolozu.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


class HeldLock:
    """A file lock that says who holds it. The system frees it when its process ends, however it ends."""

    def __init__(self, path: Path, *, code: str, what: str, timeout_s: float = 0.0) -> None:
        """Take the lock.

        Args:
            path: lock file; ``<path>.holder`` beside it names the holder.
            code: error code when somebody else holds it.
            what: what is locked, for the error.
            timeout_s: how long to wait for it.

        Raises:
            UsageError: ``code``; somebody else holds it.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._holder_path = holder_path(path)
        self._lock = FileLock(path, timeout=timeout_s)
        try:
            self._lock.acquire()
        except Timeout as error:
            raise UsageError.one(
                code,
                where=str(path),
                problem=f"{what} is being written by {self._holder()}",
                fix="wait until it is done, or stop that process; a lock of a dead process does not stay",
            ) from error
        self._holder_path.write_text(f"process {os.getpid()} on {socket.gethostname()}\n", encoding="utf-8")

    def release(self) -> None:
        """Let go."""
        self._holder_path.unlink(missing_ok=True)
        self._lock.release()

    def _holder(self) -> str:
        try:
            return self._holder_path.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return "another process"


def holder_path(lock_path: Path) -> Path:
    """The file that names the holder of a lock; it stays behind when its holder is killed."""
    return lock_path.with_name(lock_path.name + ".holder")


def holder_pid(lock_path: Path) -> int | None:
    """Process that holds, or was the last to hold, a lock on this machine; None where nobody is named."""
    try:
        words = holder_path(lock_path).read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return None
    return int(words[1]) if len(words) > 1 else None
