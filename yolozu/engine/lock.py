"""Who may write: one builder a run, one worker a stage."""

from __future__ import annotations

import errno
import os
import socket
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from yolozu.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from yolozu.paths import RunLayout


NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
"""What a file system says that cannot lock: NFS without lockd, some FUSE and cluster file systems."""


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
            UsageError: ``code`` where somebody else holds it; YZ514 where the file system has no locks.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._holder_path = holder_path(path)
        # Never a lock that is only a file: after a kill it would stay, and nobody could tell.
        self._lock = FileLock(path, timeout=timeout_s, fallback_to_soft=False)
        try:
            self._lock.acquire()
        except Timeout as error:
            raise UsageError.one(
                code,
                where=str(path),
                problem=f"{what} is being written by {holder_of(path)}",
                fix="wait until it is done, or stop that process; a lock of a dead process does not stay",
            ) from error
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
            raise UsageError.one(
                "YZ514",
                where=str(path),
                problem=f"the file system has no locks ({error.strerror}), so two builders could write {what} at once",
                fix="give the run a directory on another file system, such as a local disk: run_dir=DIRECTORY; "
                "or have locks switched on there (for NFS: lockd)",
            ) from error
        self._holder_path.write_text(f"process {os.getpid()} on {socket.gethostname()}\n", encoding="utf-8")

    def release(self) -> None:
        """Let go."""
        self._holder_path.unlink(missing_ok=True)
        self._lock.release()


def is_held(path: Path) -> bool:
    """Whether a process holds the lock at ``path`` now.

    Raises:
        OSError: nobody can tell: the file may not be opened, or the file system has no locks.
    """
    if not path.exists():
        return False
    lock = FileLock(path, timeout=0.0, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        return True
    lock.release()
    return False


def check_may_write(layout: RunLayout) -> None:
    """Refuse to build in a place that this process may only read.

    Raises:
        UsageError: YZ314.
    """
    for path in (layout.plan_dir, layout.lock_path, layout.receipts_dir, layout.root / "scratch"):
        there = path if path.exists() else next(parent for parent in path.absolute().parents if parent.exists())
        if not os.access(there, os.W_OK):
            raise UsageError.one(
                "YZ314",
                where=f"{layout.run_id}: {there}",
                problem="may not be written",
                fix="ask for permission, or build in a directory of your own: run_dir=DIRECTORY; "
                "status, why, plan and verify need none",
            )


def holder_path(lock_path: Path) -> Path:
    """The file that names the holder of a lock; it stays behind when its holder is killed."""
    return lock_path.with_name(lock_path.name + ".holder")


def holder_of(lock_path: Path) -> str:
    """``process 123 on host``: who holds a lock that is held; ``another process`` where nobody is named."""
    try:
        return holder_path(lock_path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "another process"


def holder_pid(lock_path: Path) -> int | None:
    """Process that holds, or was the last to hold, a lock on this machine; None where nobody is named."""
    try:
        words = holder_path(lock_path).read_text(encoding="utf-8", errors="replace").split()
    except OSError:
        return None
    return int(words[1]) if len(words) > 1 and words[1].isdecimal() else None
