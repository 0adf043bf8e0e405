"""Progress that is also where a stage can be stopped."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yolozu.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.progress import Bar, Progress
    from yolozu.stages.base import Stopper


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

    def advance(self, count: int = 1, note: str = "") -> None:
        """Count, unless a stop was asked for."""
        self.bar.advance(count, note)
        if self.stopping():
            raise Interrupted.one(
                "YZ311",
                where=self.stage,
                problem="stopped on request; nothing of this stage is kept",
                fix="run the same command again: it starts this stage anew",
            )
