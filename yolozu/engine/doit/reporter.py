"""What doit reports of a build's stages, as events for its view."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TextIO

from doit.reporter import ConsoleReporter

from yolozu.engine.store.store import CAME_FROM
from yolozu.engine.view.events import BuildBegins, StageChanges
from yolozu.planning.receipt import Receipt

if TYPE_CHECKING:
    from yolozu.engine.doit.tasks import Build
    from yolozu.engine.session import Session


class BuildReporter(ConsoleReporter):  # type: ignore[misc]
    """Tells the view of a build of its stages; other tasks of a `dodo.py` are reported as doit does."""

    desc = "one line a stage"

    def __init__(self, build: Build, outstream: TextIO) -> None:
        super().__init__(outstream, {})
        self._build = build
        self._started_at = 0.0
        self._begun = False

    def execute_task(self, task: Any) -> None:
        """It runs, and why."""
        if task.name not in self._build.session.plan:
            super().execute_task(task)
            return
        self._started_at = time.monotonic()
        self._show(running(self._build.session, task.name))

    def skip_uptodate(self, task: Any) -> None:
        """Its result stands."""
        if task.name in self._build.session.plan:
            self._show(StageChanges(stage=task.name, state="up to date"))
        else:
            super().skip_uptodate(task)

    def add_success(self, task: Any) -> None:
        """It is done, and what it measured."""
        if task.name in self._build.session.plan:
            ran = task.name in self._build.ran  # else doit had only lost its record
            self._show(done(self._build.session, task.name, self._seconds(), ran=ran))

    def add_failure(self, task: Any, fail: Any) -> None:
        """A worker has said itself what was wrong; only what doit itself found is told here."""
        if not self._build.exit_code:
            super().add_failure(task, fail)
        elif task.name in self._build.session.plan:
            self._show(StageChanges(stage=task.name, state="failed", seconds=self._seconds()))

    def _seconds(self) -> float:
        return round(time.monotonic() - self._started_at, 3)

    def _show(self, event: StageChanges) -> None:
        session, view = self._build.session, self._build.view
        if not self._begun:
            self._begun = True
            names = [node.name for node in session.plan.nodes]
            view.show(BuildBegins(run_id=session.layout.run_id, headline=session.headline, stages=names))
        view.show(event)


def running(session: Session, stage: str) -> StageChanges:
    """A stage begins, and why."""
    reasons = session.own_reasons(session.plan[stage])
    return StageChanges(
        stage=stage,
        state="running",
        reasons=[reason.render(session.origin) for reason in reasons if reason.kind != "prospect"],
        prospects=[reason.render(session.origin) for reason in reasons if reason.kind == "prospect"],
    )


def done(session: Session, stage: str, seconds: float, *, ran: bool = True) -> StageChanges:
    """A stage has given its result, and what it measured; where a worker ``ran``, also the run it was taken from."""
    receipt = Receipt.readable(session.layout.receipt_path(stage))
    numbers = receipt.numbers if receipt is not None else {}
    source = receipt.ran_on.get(CAME_FROM) if receipt is not None and ran else None
    return StageChanges(stage=stage, state="done", seconds=seconds, numbers=numbers, from_store=source)
