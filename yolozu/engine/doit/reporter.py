"""What doit says while it builds a run: one line a stage, with the reason why it runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TextIO

from doit.reporter import ConsoleReporter

if TYPE_CHECKING:
    from yolozu.engine.doit.tasks import Build

SHOWN_REASONS = 3


class BuildReporter(ConsoleReporter):  # type: ignore[misc]
    """Lines for a build's stages; other tasks of a `dodo.py` are reported as doit does."""

    desc = "one line a stage"

    def __init__(self, build: Build, outstream: TextIO) -> None:
        super().__init__(outstream, {})
        self._build = build
        self._numbers = {node.name: index for index, node in enumerate(build.session.plan.nodes, start=1)}
        self._started_at = 0.0
        self._headed = False

    def execute_task(self, task: Any) -> None:
        """``[2/7] train: lr: 0.1 → 0.2 (exp.yaml:4)``."""
        if task.name not in self._numbers:
            super().execute_task(task)
            return
        self._started_at = time.monotonic()
        reasons = self._build.session.own_reasons(self._build.session.plan[task.name])
        place = self._build.session.origin
        lines = [reason.render(place) for reason in reasons if reason.kind != "prospect"]
        more = len(lines) - SHOWN_REASONS
        lines = lines[:SHOWN_REASONS] + ([f"{more} more reasons"] if more > 0 else [])
        lines += [reason.render(place) for reason in reasons if reason.kind == "prospect"]
        self._line(task.name, "; ".join(lines) if lines else "checked again")

    def skip_uptodate(self, task: Any) -> None:
        """``[2/7] train: up to date``."""
        if task.name in self._numbers:
            self._line(task.name, "up to date")
        else:
            super().skip_uptodate(task)

    def add_success(self, task: Any) -> None:
        """``[2/7] train: done in 4m 12s``."""
        if task.name in self._numbers:
            self._line(task.name, f"done in {_duration(time.monotonic() - self._started_at)}")

    def add_failure(self, task: Any, fail: Any) -> None:
        """A worker has said itself what was wrong; only what doit itself found is told here."""
        if not self._build.exit_code:
            super().add_failure(task, fail)

    def _line(self, name: str, text: str) -> None:
        if not self._headed:
            self._headed = True
            self.write(self._build.session.headline + "\n")
        self.write(f"[{self._numbers[name]}/{len(self._numbers)}] {name}: {text}\n")
        self.outstream.flush()


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02d}m" if hours else f"{minutes}m {rest:02d}s"
