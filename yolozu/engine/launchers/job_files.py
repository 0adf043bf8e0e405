"""Files by which a builder talks to a machine that runs a worker: both see the disk on which the run lies."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TAIL_BYTES = 1 << 16
"""How much of a log is told to a builder that comes late."""


@dataclass(frozen=True)
class JobFiles:
    """What is said between a builder and a job, in a directory of their own.

    All are there, empty, before the job begins, and grow: over a network file system that is noticed at once, while a
    file that is new, or took the place of another, may stay unseen for half a minute.
    """

    directory: Path

    @property
    def log_path(self) -> Path:
        """What the worker has printed."""
        return self.directory / "log"

    @property
    def requests_path(self) -> Path:
        """Signals for the worker, one name a line, oldest first."""
        return self.directory / "requests"

    @property
    def tries_path(self) -> Path:
        """The machine of each try, one a line."""
        return self.directory / "tries"

    def make(self) -> None:
        """Begin anew; what a job that is gone had said is forgotten."""
        self.remove()
        self.directory.mkdir(parents=True)
        for path in (self.log_path, self.requests_path, self.tries_path):
            path.touch()

    def remove(self) -> None:
        """Forget all that was said."""
        if self.directory.exists():
            shutil.rmtree(self.directory)

    def request(self, name: str) -> None:
        """Ask for a signal to be sent to the worker."""
        with self.requests_path.open("a", encoding="utf-8") as file:
            file.write(f"{name}\n")

    def tries(self) -> list[str]:
        """Names of the machines on which the worker was started, the last one where it runs; empty before it begins."""
        return self.tries_path.read_text(encoding="utf-8").splitlines()


class Tail:
    """Lines of a file that grows, each once."""

    def __init__(self, path: Path, *, late: bool = False) -> None:
        """Read from the begin, or with ``late`` the last `TAIL_BYTES` of what is there already."""
        self._path, self._begun = path, b""
        self._read = max(0, path.stat().st_size - TAIL_BYTES) if late else 0
        self._in_a_line = self._read > 0

    def lines(self) -> list[str]:
        """Lines that were completed since the last call."""
        with self._path.open("rb") as file:  # anew: what another machine has written is looked for at opening
            file.seek(self._read)
            new = file.read()
        self._read += len(new)
        *whole, self._begun = (self._begun + new).split(b"\n")
        if self._in_a_line and whole:
            whole, self._in_a_line = whole[1:], False
        return [_text(line) for line in whole]

    def rest(self) -> list[str]:
        """The same, and a last line that nobody will complete."""
        lines, begun = self.lines(), self._begun
        self._begun = b""
        return [*lines, _text(begun)] if begun else lines


def _text(line: bytes) -> str:
    return line.decode(errors="replace").rstrip("\r")
