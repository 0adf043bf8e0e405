"""Says when nothing has moved for a while in a worker: since when, and what it is doing meanwhile."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Self

import yolozu
from yolozu.errors import Finding
from yolozu.progress import Bar, Progress

PACKAGE = Path(yolozu.__file__).parent
LOOKS_PER_SPAN = 8
BUSY_SHARE = 0.5
"""Of one CPU: a process that has used more than that is computing, one that has used less is waiting."""


class Watchdog:
    """Progress of a stage that is passed on, and missed when it stays away.

    Every line and every step of a bar is a movement. After ``after_s`` seconds without one a warning says so, and
    again each time the silence has doubled. Nothing is ended: a long step looks like one that hangs.
    """

    def __init__(self, progress: Progress, where: str, *, after_s: float) -> None:
        """Watch over ``progress``.

        Args:
            progress: where movements and warnings go.
            where: the run and its stage, for warnings.
            after_s: silence that is worth a word; 0: none is.
        """
        self._progress, self._where, self._after_s = progress, where, after_s
        self._main_thread = threading.main_thread().ident or 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._stands = "before its first word"
        self._moved_at, self._cpu_at_move = time.monotonic(), time.process_time()

    def __enter__(self) -> Self:
        if self._after_s > 0:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def say(self, line: str) -> None:
        """The line."""
        self._progress.say(line)
        self.moved(f"behind the words: {line.splitlines()[0]}" if line else self._stands)

    @contextmanager
    def bar(self, title: str, total: int, done: int = 0) -> Iterator[Bar]:
        """The bar."""
        with self._progress.bar(title, total, done) as bar:
            self.moved(f"at {title} {done} of {total}")
            yield _WatchedBar(self, bar, title, total, done)
        self.moved(f"behind {title}")

    def moved(self, stands: str) -> None:
        """Something has moved; where the work stands now, in words."""
        self._stands, self._cpu_at_move = stands, time.process_time()
        self._moved_at = time.monotonic()

    def _watch(self) -> None:
        """Look now and then; runs in a thread of its own, which needs the interpreter only to speak."""
        told_of, patience_s = self._moved_at, self._after_s
        while not self._ended.wait(self._after_s / LOOKS_PER_SPAN):
            moved_at = self._moved_at
            if moved_at != told_of:
                told_of, patience_s = moved_at, self._after_s
            silent_s = time.monotonic() - moved_at
            if silent_s >= patience_s:
                patience_s = 2 * silent_s
                self._progress.say(self._finding(silent_s).render())

    def _finding(self, silent_s: float) -> Finding:
        since = datetime.fromtimestamp(time.time() - silent_s, UTC).strftime("%H:%M:%S")
        busy = (time.process_time() - self._cpu_at_move) / silent_s
        doing = f"computes ({busy:.1f} CPUs)" if busy >= BUSY_SHARE else "waits"
        frame = sys._current_frames().get(self._main_thread)  # noqa: SLF001 - documented, for just this
        return Finding(
            "YZ299",
            where=self._where,
            problem=f"nothing has moved for {_span(silent_s)}, since {since} UTC, {self._stands}; "
            f"process {os.getpid()} {doing}{place_of(frame)}",
            fix="wait, if that takes long here; else stop it (Ctrl-C, or kill): the same command goes on from what was "
            "saved. watchdog_s sets when to say so, 0 never",
            severity="warning",
        )


class _WatchedBar:
    def __init__(self, watchdog: Watchdog, bar: Bar, title: str, total: int, done: int) -> None:
        self._watchdog, self._bar, self._title, self._total, self._done = watchdog, bar, title, total, done

    def advance(self, count: int = 1, note: str = "", numbers: Mapping[str, float | None] | None = None) -> None:
        """Count."""
        self._bar.advance(count, note, numbers)
        self._done += count
        besides = f" ({note})" if note and not count else ""
        self._watchdog.moved(f"at {self._title} {self._done} of {self._total}{besides}")


def place_of(frame: FrameType | None) -> str:
    """`` in yolozu/data/images.py:42 (read_image), inside wait of threading.py``: our innermost function."""
    inner = frame
    while frame is not None and not Path(frame.f_code.co_filename).is_relative_to(PACKAGE):
        frame = frame.f_back
    if frame is None or inner is None:
        return ""
    place = Path(frame.f_code.co_filename).relative_to(PACKAGE.parent).as_posix()
    called = "" if inner is frame else f", inside {inner.f_code.co_name} of {Path(inner.f_code.co_filename).name}"
    return f" in {place}:{frame.f_lineno} ({frame.f_code.co_name}){called}"


def _span(seconds: float) -> str:
    """``45 s``, ``12 min``, ``2 h 5 min``."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
