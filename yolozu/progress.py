"""Progress of long work: a live bar on a terminal, plain lines otherwise."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TextIO

from yolozu.errors import Interrupted

PLAIN_EVERY_S = 5.0

Numbers = Mapping[str, float | None]
"""Name -> number; None where it is not defined."""


class Bar(Protocol):
    """One piece of long work."""

    def advance(self, count: int = 1, note: str = "", numbers: Numbers | None = None) -> None:
        """``count`` more items are done; ``note`` says how it goes, and ``numbers`` says it to programs."""
        ...


class Progress(Protocol):
    """Where work reports."""

    def say(self, line: str) -> None:
        """A line that stays."""
        ...

    @contextmanager
    def bar(self, title: str, total: int, done: int = 0) -> Iterator[Bar]:
        """A bar over ``total`` items, ``done`` of which are behind us."""
        ...


class SilentProgress:
    """Shows nothing."""

    def say(self, line: str) -> None:
        """Nothing."""

    @contextmanager
    def bar(self, title: str, total: int, done: int = 0) -> Iterator[Bar]:  # noqa: ARG002
        """A bar nobody sees."""
        yield _SilentBar()


class _SilentBar:
    def advance(self, count: int = 1, note: str = "", numbers: Numbers | None = None) -> None:
        """Nothing."""


class PlainProgress:
    """One line now and then, for logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def say(self, line: str) -> None:
        """The line, at once."""
        print(line, file=self._stream, flush=True)

    @contextmanager
    def bar(self, title: str, total: int, done: int = 0) -> Iterator[Bar]:
        """Lines ``title done/total note``, at most one in five seconds."""
        yield _PlainBar(self, title, total, done)


class _PlainBar:
    def __init__(self, progress: PlainProgress, title: str, total: int, done: int) -> None:
        self._progress, self._title, self._total, self._done = progress, title, total, done
        self._said_at = time.monotonic()

    def advance(self, count: int = 1, note: str = "", numbers: Numbers | None = None) -> None:  # noqa: ARG002
        """Count, and say so when five seconds have passed or all is done."""
        self._done += count
        now = time.monotonic()
        if self._done >= self._total or now - self._said_at >= PLAIN_EVERY_S:
            self._said_at = now
            self._progress.say(f"  {self._title} {self._done}/{self._total}  {note}".rstrip())


class LiveProgress:
    """A bar on a terminal, with rate and time left."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console

        self._console = Console(file=stream, highlight=False)

    def say(self, line: str) -> None:
        """The line, above the bar."""
        self._console.print(line, markup=False)

    @contextmanager
    def bar(self, title: str, total: int, done: int = 0) -> Iterator[Bar]:
        """A bar that disappears when the work is done."""
        from rich import progress as parts
        from rich.table import Column

        columns = (
            parts.TextColumn("  {task.description}"),
            parts.BarColumn(bar_width=20),
            parts.MofNCompleteColumn(),
            parts.TimeRemainingColumn(compact=True),
            parts.TextColumn("{task.fields[note]}", table_column=Column(no_wrap=True, overflow="ellipsis")),
        )
        with parts.Progress(*columns, console=self._console, transient=True) as live:
            yield _LiveBar(live, live.add_task(title, total=total, completed=done, note=""))


class _LiveBar:
    def __init__(self, live: object, task: object) -> None:
        self._live, self._task = live, task

    def advance(self, count: int = 1, note: str = "", numbers: Numbers | None = None) -> None:  # noqa: ARG002
        """Move the bar; an empty note keeps the last one."""
        fields = {"note": note} if note else {}
        self._live.update(self._task, advance=count, **fields)  # type: ignore[attr-defined]


def on_stderr() -> Progress:
    """The kind of progress that suits standard error as it is now."""
    return progress_for(sys.stderr)


@dataclass(frozen=True)
class PartProgress:
    """Shows ``progress`` of a part of some work, beside others: its bars say which."""

    progress: Progress
    part: str

    def say(self, line: str) -> None:
        """The line."""
        self.progress.say(line)

    @contextmanager
    def bar(self, title: str, total: int, done: int = 0) -> Iterator[Bar]:
        """The bar, ``predict, shard 2``."""
        with self.progress.bar(f"{title}, {self.part}", total, done) as bar:
            yield bar


def progress_for(stream: TextIO = sys.stderr) -> Progress:
    """The kind of progress that suits ``stream``."""
    return LiveProgress(stream) if is_live(stream) else PlainProgress(stream)


def is_live(stream: TextIO) -> bool:
    """Whether what ``stream`` shows may be drawn over again.

    Only on a terminal that can, unless NO_COLOR or CI is set or TERM is ``dumb``: who sets these wants plain lines.
    """
    plain = os.environ.get("NO_COLOR") or os.environ.get("CI") or os.environ.get("TERM") == "dumb"
    return not plain and stream.isatty() and "utf" in (stream.encoding or "").lower()


class Stopper(Protocol):
    """Whether somebody asked the stage to stop at its next safe point."""

    def __call__(self) -> bool:
        """True once a stop was asked for."""
        ...


@dataclass(frozen=True)
class StoppableProgress:
    """Shows ``progress``; each step of its bars is a point where the stage stops if it was asked to.

    For stages that keep nothing when they are stopped.
    """

    progress: Progress
    stopping: Stopper
    stage: str

    def say(self, line: str) -> None:
        """The line."""
        self.progress.say(line)

    @contextmanager
    def bar(self, title: str, total: int, done: int = 0) -> Iterator[Bar]:
        """The bar."""
        with self.progress.bar(title, total, done) as bar:
            yield _StoppableBar(bar, self.stopping, self.stage)


@dataclass(frozen=True)
class _StoppableBar:
    bar: Bar
    stopping: Stopper
    stage: str

    def advance(self, count: int = 1, note: str = "", numbers: Numbers | None = None) -> None:
        """Count, unless a stop was asked for."""
        self.bar.advance(count, note, numbers)
        if self.stopping():
            raise Interrupted.one(
                "YZ311",
                where=self.stage,
                problem="stopped on request; nothing of this stage is kept",
                fix="run the same command again: it starts this stage anew",
            )
