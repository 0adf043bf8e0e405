"""Several runs as one doit graph: equal stages are built once, several at a time, and one failure ends one run."""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from doit.control import TaskControl
from doit.task import dict_to_task

from yolozu.engine.doit.reporter import done, running
from yolozu.engine.doit.side_by_side import run_side_by_side
from yolozu.engine.doit.slots import BuildSlots, SharedSlots, WorkerSlots, worker_variables
from yolozu.engine.doit.tasks import Build
from yolozu.engine.failure import read_failure
from yolozu.engine.stopping import StopBuild
from yolozu.engine.view.events import StageChanges
from yolozu.engine.view.several import RunView
from yolozu.errors import EXIT_BUG, EXIT_DONE, EXIT_INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from yolozu.engine.doit.shared_results import StalePart
    from yolozu.engine.view.several import SeveralView
    from yolozu.planning.plan import Node


@dataclass(frozen=True)
class RunEnd:
    """How a run ended.

    Attributes:
        run_id: its name.
        exit_code: 0 where it is up to date.
        stage: the one that failed, or that could not begin; None where none did.
        said: why, in a line; empty where all went well.
    """

    run_id: str
    exit_code: int
    stage: str | None = None
    said: str = ""


@dataclass
class RunsBuild:
    """The building of several runs.

    Attributes:
        part: what is stale of them.
        view: shows what happens.
        workers: stages that run at once.
        gpus: names of the GPUs that are given out.
        fail_fast: whether the first failure is the end of all that has not begun.
        environment: variables of this process.
        shared: places that it shares with other builds; None where it has them to itself.
        stopping: where requests to stop come from.
    """

    part: StalePart
    view: SeveralView
    workers: int = 1
    gpus: Sequence[str] = ()
    fail_fast: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    shared: SharedSlots | None = None
    stopping: StopBuild = field(default_factory=StopBuild, repr=False)
    _builds: dict[str, Build] = field(default_factory=dict, repr=False)
    _blocked: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)

    def run(self) -> list[RunEnd]:
        """Build what is stale; how each run ended, in order."""
        lock = Lock()
        stale = {name.partition("/")[0] for name in self.part.stale}
        for session in self.part.sessions:
            run = session.layout.run_id
            if run in stale:
                self._builds[run] = Build(session, view=RunView(run, self.view, lock))
                self._builds[run].stopping = self.stopping
        try:
            with self.stopping, closing(self.view):
                self._run()
        finally:
            for build in self._builds.values():
                build.release()
        return [self._end(session.layout.run_id) for session in self.part.sessions]

    @property
    def stopped(self) -> bool:
        """Whether somebody asked to stop."""
        return self.stopping.count > 0

    def _run(self) -> None:
        for build in self._builds.values():
            if not self._may_begin():
                return
            if build.may_begin():
                build.resolve()
        tasks = list(self._tasks())
        if not tasks:
            return
        control = TaskControl([dict_to_task(task) for task in tasks])
        control.process(None)
        order = {task["name"]: place for place, task in enumerate(tasks)}
        self._slots: WorkerSlots | BuildSlots
        if self.shared is None:
            self._slots = WorkerSlots(self.workers, self.gpus, self._needed_gpus())
        else:
            self._slots = self.shared.for_build(self._needed_gpus())
        run_side_by_side(
            control.task_dispatcher(),
            self._execute,
            slots=self._slots,
            order=order.__getitem__,
            may_begin=self._may_begin,
            blocked=self._block,
        )

    def _nodes(self) -> Iterator[tuple[str, Build, Node]]:
        """Name, build and stage of all that is part of the graph, in order."""
        for run, build in self._builds.items():
            if build.exit_code == EXIT_DONE:
                yield from ((f"{run}/{node.name}", build, node) for node in build.session.plan.nodes)

    def _tasks(self) -> Iterator[dict[str, Any]]:
        """Task dictionaries for doit; a stage that another one has the result of waits for that one."""
        names = {name for name, *_ in self._nodes()}
        for name, build, node in self._nodes():
            task = build.stage_task(node)
            del task["basename"]
            before = [f"{build.session.layout.run_id}/{stage}" for stage in node.upstream]
            twin = self.part.twins.get(name)
            yield {**task, "name": name, "task_dep": before + ([twin] if twin in names else [])}

    def _needed_gpus(self) -> dict[str, int]:
        """Task -> GPUs it needs, where it runs on any one of them."""
        needs = {}
        for name, build, node in self._nodes():
            spec = node.stage.spec.model_validate_json(json.dumps(node.spec))
            processes = build.session.loaded.contract.operations.nproc_per_node
            if spec.needs_device() == "cuda":
                needs[name] = processes if spec.runs_as_several() else 1
        return needs

    def _may_begin(self) -> bool:
        failed = any(build.exit_code for build in self._builds.values())
        return not self.stopped and not (failed and self.fail_fast)

    def _execute(self, name: str) -> bool:
        """Run a stage, shown from its begin to its end; whether it succeeded."""
        run, _, stage = name.partition("/")
        build = self._builds[run]
        node = build.session.plan[stage]
        if build.is_up_to_date(node):
            build.view.show(StageChanges(stage=stage, state="up to date"))
            return True
        build.view.show(running(build.session, stage))
        began_at = time.monotonic()
        variables = worker_variables(self.environment, self.workers, self._slots.gpus_of(name))
        failed = build.build_stage(node, variables)
        seconds = round(time.monotonic() - began_at, 3)
        if failed is None:
            build.view.show(done(build.session, stage, seconds))
        else:
            build.view.show(StageChanges(stage=stage, state="failed", seconds=seconds))
        return failed is None

    def _block(self, name: str, before: list[str]) -> None:
        run, _, stage = name.partition("/")
        self._blocked.setdefault(run, (stage, before[0]))

    def _end(self, run: str) -> RunEnd:
        build = self._builds.get(run)
        if build is None:
            return RunEnd(run, EXIT_DONE)
        if build.error is not None:
            return RunEnd(run, build.exit_code, None, str(build.error).splitlines()[0])
        if build.exit_code:
            failure = None if build.failed is None else read_failure(build.session.layout, build.failed)
            said = f"exit code {build.exit_code}" if failure is None else str(failure["text"]).strip().splitlines()[0]
            return RunEnd(run, build.exit_code, build.failed, said)
        if run in self._blocked:
            stage, before = self._blocked[run]
            other = self._builds[before.partition("/")[0]]
            return RunEnd(run, other.exit_code or EXIT_BUG, stage, f"waits for {before}, which failed")
        left = [node.name for node in build.session.plan.nodes if not build.is_up_to_date(node)]
        return RunEnd(run, EXIT_INTERRUPTED, left[0], "not begun") if left else RunEnd(run, EXIT_DONE)
