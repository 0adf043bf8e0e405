"""Ending a run's training early: its validations are watched, and its worker is asked to stop as on Ctrl-C."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from yolozu.app.sweep.validations import TRAINED_BY, metrics_file, validations_of
from yolozu.engine.launchers.slurm_job import CANCEL
from yolozu.engine.view.events import Says, StageChanges

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.app.sweep.search import OpenSearch, SearchedRun
    from yolozu.engine.stopping import StopOne
    from yolozu.engine.view.several import SeveralView
    from yolozu.engine.view.view import AnyEvent

LOOK_EVERY_S = 0.5
STOPPED = ("YZ505", "YZ311", "  fix: run the same command again")
"""In what a worker says that was asked to stop; of a pruned run it is no news, and the advice would be wrong."""


class Watch:
    """Watches the validations of one run, and ends its training where the pruner says so."""

    def __init__(self, search: OpenSearch, one: SearchedRun, stopping: StopOne, decisions: Lock) -> None:
        """A watch that has not begun.

        Args:
            search: what the run belongs to.
            one: the run.
            stopping: what its worker hears requests from.
            decisions: held while one is made: what is known of other runs, and the journal, are everybody's.
        """
        self._search, self._run, self._stopping, self._decisions = search, one, stopping, decisions
        self._seen: tuple[int, int] | None = None
        self._looking = Lock()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Look now and then, while the block runs."""
        if self._search.search.pruner is None:
            yield
            return
        ended = Event()
        thread = Thread(target=self._look_on, args=(ended,), name=f"validations of {self._run.run.run_id}")
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def look(self) -> None:
        """Decide by the validations that there are now."""
        with self._looking:
            if self._search.search.pruner is None or self._run.pruned is not None:
                return
            found = [one for one in validations_of(self._run.session, self._search.sweep.metric) if not one.is_last]
            if not found:
                return
            with self._decisions:
                known = self._search.known(without=self._run)
                ends_at = self._search.decider().ends_at(known, tuple((one.number, one.value) for one in found))
                if ends_at is None:
                    return
                self._search.prune(self._run, next(one for one in found if one.number == ends_at))
            self._stopping.ask = lambda _: CANCEL  # a job elsewhere is not left behind
            self._stopping.send_signal(signal.SIGTERM)

    def _look_on(self, ended: Event) -> None:
        session = self._run.session
        path = metrics_file(session, session.plan[TRAINED_BY])
        saved = session.layout.scratch_dir(TRAINED_BY) / "saved.json"
        while not ended.wait(LOOK_EVERY_S):
            seen = tuple(each.stat().st_mtime_ns if each.is_file() else 0 for each in (path, saved))
            if seen != self._seen:
                self.look()
            self._seen = (seen[0], seen[1])


class SearchView:
    """Shows one run of a search beside others; what a pruned one says of being stopped becomes that it is pruned."""

    def __init__(self, shown_by: SeveralView, showing: Lock, one: SearchedRun, watch: Watch, metric: str) -> None:
        """A view that passes on.

        Args:
            shown_by: shows all runs.
            showing: held while it shows something.
            one: the run.
            watch: asked at the end of a training, before anything else of the run begins.
            metric: what is watched.
        """
        self._shown_by, self._showing, self._run, self._watch, self._metric = shown_by, showing, one, watch, metric
        self._told = False

    def show(self, run: str, event: AnyEvent) -> None:
        """The event, and what follows of it."""
        pruned = self._run.pruned is not None
        if pruned and isinstance(event, Says) and event.kind == "error" and any(part in event.text for part in STOPPED):
            return
        if pruned and isinstance(event, StageChanges) and event.state == "failed":
            self._tell(run, event)
            return
        self._pass_on(run, event)
        if isinstance(event, StageChanges) and event.stage == TRAINED_BY and event.state in ("done", "up to date"):
            self._watch.look()
            if self._run.pruned is not None:
                self._tell(run, event)

    def expect(self, total: int) -> None:
        """Nothing: the search knows how many there are."""

    def close(self) -> None:
        """Nothing: others go on."""

    def _tell(self, run: str, event: StageChanges) -> None:
        at = self._run.pruned
        if at is not None and not self._told:
            self._told = True
            numbers = {"optim_step": at.optim_step, "validation": at.validation, self._metric: at.value}
            self._pass_on(run, event.model_copy(update={"stage": TRAINED_BY, "state": "pruned", "numbers": numbers}))

    def _pass_on(self, run: str, event: AnyEvent) -> None:
        with self._showing:
            self._shown_by.show(run, event)
