"""How a worker's events reach its builder: lines among those that it and its libraries print, told by a mark."""

from __future__ import annotations

import os
import select
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from yolozu.artifacts.run_meta import timestamp
from yolozu.engine.view.events import Advances, Says
from yolozu.progress import Bar

MARK = "\x1e"
"""Before an event (RFC 7464's record separator, which no text for people has)."""

LONGEST_BYTES = 4000
"""What a pipe takes whole from each of several processes."""

EVERY_S = 0.25
"""Between two events of the same work."""

EVERY_S_IN_A_FILE = 2.0
"""The same where events go into the log of a job elsewhere: it is read every few seconds, and kept."""


class SentProgress:
    """Progress as events, for a builder that reads them from the process's standard output."""

    def __init__(self, stage: str, descriptor: int = 1, *, shard: int | None = None) -> None:
        self.stage, self.shard, self._descriptor = stage, shard, descriptor
        self.every_s = EVERY_S_IN_A_FILE if stat.S_ISREG(os.fstat(descriptor).st_mode) else EVERY_S

    def say(self, line: str) -> None:
        """The line."""
        self.send(
            Says(stage=self.stage, shard=self.shard, kind="warning" if "warning: " in line else "note", text=line)
        )

    @contextmanager
    def bar(self, title: str, total: int, done: int = 0) -> Iterator[Bar]:
        """Where the work stands: at its begin, at its end, and now and then between."""
        bar = _SentBar(self, title, total, done)
        bar.send()
        try:
            yield bar
        finally:
            bar.send()

    def send(self, event: Says | Advances) -> None:
        """Write it, whole; where nobody reads any more it is lost, and the stage's `stopping` notices by itself."""
        line = f"{MARK}{event.model_dump_json()}\n".encode()
        if isinstance(event, Says) and len(line) > LONGEST_BYTES:
            for start in range(0, len(event.text), LONGEST_BYTES // 8):
                self.send(event.model_copy(update={"text": event.text[start : start + LONGEST_BYTES // 8]}))
            return
        if isinstance(event, Advances) and not select.select([], [self._descriptor], [], 0)[1]:
            return  # a builder that was put to sleep (Ctrl-Z) holds up no training
        with suppress(BrokenPipeError):
            os.write(self._descriptor, line)


class _SentBar:
    def __init__(self, progress: SentProgress, title: str, total: int, done: int) -> None:
        self._progress = progress
        self._now = Advances(stage=progress.stage, shard=progress.shard, title=title, done=done, total=total)
        self._sent_at = 0.0

    def advance(self, count: int = 1, note: str = "", numbers: Mapping[str, float | None] | None = None) -> None:
        """Count; an empty note and no numbers keep the last ones."""
        changed: dict[str, Any] = {"done": self._now.done + count, "time": timestamp()}
        if note:
            changed["note"] = note
        if numbers is not None:
            changed["numbers"] = dict(numbers)
        self._now = self._now.model_copy(update=changed)
        if time.monotonic() - self._sent_at >= self._progress.every_s:
            self.send()

    def send(self) -> None:
        """Where it stands, at once."""
        self._sent_at = time.monotonic()
        self._progress.send(self._now)


def split_line(line: str) -> tuple[str, str]:
    """What a process has printed, and the JSON of the event behind it; either may be empty."""
    printed, mark, event = line.partition(MARK)
    return (printed, event) if mark else (line, "")
