"""A search built: runs that were begun first, then one after another is chosen, several at once where asked for."""

from __future__ import annotations

import os
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING

from yolozu.app.sweep.pruning import SearchView, Watch
from yolozu.engine.doit.build_runs import RunEnd, RunsBuild
from yolozu.engine.doit.shared_results import stale_part
from yolozu.engine.doit.slots import SharedSlots, visible_gpus
from yolozu.engine.lock import HeldLock
from yolozu.engine.stopping import StopBuild, StopOne
from yolozu.errors import EXIT_DONE, EXIT_INTERRUPTED, YolozuError

if TYPE_CHECKING:
    from collections.abc import Callable

    from yolozu.app.sweep.search import OpenSearch, SearchedRun
    from yolozu.engine.view.several import SeveralView

Ended = tuple["SearchedRun", RunEnd | BaseException]


def build_search(
    search: OpenSearch,
    *,
    jobs: int,
    gpus: int | None,
    fail_fast: bool,
    view_of: Callable[[int], SeveralView],
) -> tuple[int, list[RunEnd]]:
    """Build what is left, and choose and build the rest: the exit code, and how each run ended, as of `build_sweep`.

    A pruned run has ended well.

    Raises:
        UsageError: YZ365 there are fewer GPUs; YZ732 somebody else builds this search.
    """
    given = visible_gpus(os.environ, gpus) if jobs > 1 or gpus is not None else []
    lock = HeldLock(search.journal.path.with_suffix(".lock"), code="YZ732", what=f"the search {search.sweep.run_id}")
    with ExitStack() as held:
        held.callback(lock.release)
        search.require_current()
        build = _SearchBuild(search, view_of(0), jobs, SharedSlots(jobs, given), fail_fast=fail_fast)
        ends = build.run()
    failed = [end.exit_code for end in ends if end.exit_code != EXIT_DONE]
    return EXIT_INTERRUPTED if build.stopping.count else failed[0] if failed else EXIT_DONE, ends


@dataclass
class _SearchBuild:
    search: OpenSearch
    view: SeveralView
    jobs: int
    slots: SharedSlots
    fail_fast: bool
    stopping: StopBuild = field(default_factory=StopBuild)
    _decisions: Lock = field(default_factory=Lock)
    _showing: Lock = field(default_factory=Lock)
    _ended: SimpleQueue[Ended] = field(default_factory=SimpleQueue)
    _ends: dict[str, RunEnd] = field(default_factory=dict)

    def run(self) -> list[RunEnd]:
        """All runs that may begin, until none is left; how each ended, in order."""
        left = [one for one in self.search.runs if one.is_left]
        running = 0
        raised: BaseException | None = None
        self._expect(sum(one.stages_left for one in left) + self.search.to_choose * self.search.stages_a_run)
        with self.stopping, closing(self.view):
            while True:
                while running < self.jobs and raised is None and self._may_begin():
                    try:
                        one = left.pop(0) if left else self._chosen()
                    except YolozuError as error:  # what runs is waited for
                        raised = error
                        break
                    if one is None:
                        break
                    Thread(target=self._build, args=(one,), name=one.run.run_id).start()
                    running += 1
                if not running:
                    break
                one, end = self._ended.get()
                running -= 1
                if isinstance(end, BaseException):
                    raised = end
                else:
                    self._ends[one.run.run_id] = end
                    one.failed = end.exit_code not in (EXIT_DONE, EXIT_INTERRUPTED)
                    self._expect(self._total - max(0, one.stages_left - 1))  # the one that ended it was counted
        if raised is not None:
            raise raised
        names = [one.run.run_id for one in self.search.runs]
        begun = [self._ends.get(name, RunEnd(name, EXIT_DONE)) for name in names]
        return [self._not_begun(end) if end.run_id in {one.run.run_id for one in left} else end for end in begun]

    def _not_begun(self, end: RunEnd) -> RunEnd:
        return RunEnd(end.run_id, EXIT_INTERRUPTED, None, "not begun")

    def _expect(self, total: int) -> None:
        self._total = total
        with self._showing:
            self.view.expect(total)

    def _may_begin(self) -> bool:
        return not self.stopping.count and not (self.fail_fast and any(end.exit_code for end in self._ends.values()))

    def _chosen(self) -> SearchedRun | None:
        """The next run; None where there are as many as there shall be, or no different ones."""
        if self.search.to_choose < 1:
            return None
        with self._decisions:
            values = self.search.next_values()
            if values is None:
                return None
            found = self.search.open_next(values)
            self.search.take(found)
        return found

    def _build(self, one: SearchedRun) -> None:
        try:
            self._ended.put((one, self._built(one)))
        except BaseException as error:  # noqa: BLE001 - raised again where it can be seen
            self._ended.put((one, error))

    def _built(self, one: SearchedRun) -> RunEnd:
        stopping = StopOne()
        watch = Watch(self.search, one, stopping, self._decisions)
        watch.look()  # an earlier command may have been killed before it did
        if one.pruned is not None:
            return RunEnd(one.run.run_id, EXIT_DONE)
        view = SearchView(self.view, self._showing, one, watch, self.search.sweep.metric)
        build = RunsBuild(
            stale_part([one.session]),
            view,
            self.jobs,
            environment=os.environ,
            shared=self.slots,
            stopping=stopping,
        )
        with self.stopping.forwarding_to(stopping), watch.running():
            (end,) = build.run()
        if one.pruned is None:
            return end
        return RunEnd(end.run_id, EXIT_DONE)
