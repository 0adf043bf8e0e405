"""A session as doit tasks."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from doit.exceptions import TaskError, TaskFailed

from yolozu.engine.devices import missing_devices
from yolozu.engine.execute_stage import take_from_store
from yolozu.engine.failure import stopped
from yolozu.engine.first_weights import fetch_first_weights
from yolozu.engine.input_digests import reread_inputs
from yolozu.engine.jobs_elsewhere import jobs_elsewhere
from yolozu.engine.launchers.base import WorkerJob
from yolozu.engine.launchers.registry import LAUNCHERS
from yolozu.engine.lock import HeldLock, check_may_write
from yolozu.engine.missing_loggers import missing_loggers
from yolozu.engine.missing_quantizer import missing_quantizer
from yolozu.engine.missing_remote_store import missing_remote_store
from yolozu.engine.missing_rendezvous import missing_rendezvous
from yolozu.engine.refused_overrides import forget_refused
from yolozu.engine.run_summary import summary_of
from yolozu.engine.shards import WHOLE, forget_shards, run_shards, shards_of
from yolozu.engine.stopping import StopBuild
from yolozu.engine.store.exchange import forget_trouble
from yolozu.engine.store.size import held_for_nobody
from yolozu.engine.store.store import Store
from yolozu.engine.view.events import Says
from yolozu.engine.view.view import PlainView, View
from yolozu.errors import EXIT_DONE, EXIT_USAGE, InputError, UsageError, YolozuError
from yolozu.paths import RUNS_DIR, store_path
from yolozu.planning.receipt import Receipt
from yolozu.stages.registry import GROUPS
from yolozu.system_errors import explain_system_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from yolozu.contract.sections.operations import OperationsSection
    from yolozu.engine.launchers.base import Launcher
    from yolozu.engine.session import Session
    from yolozu.planning.plan import Node

RESOLVE = "_resolve"
BACKEND = "yolozu"
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass
class Build:
    """One invocation of doit over a session: the stages it asks for (all when empty), its lock and how it went.

    ``failed`` is the stage whose worker ended it, ``error`` what ended it outside of any worker.
    ``view`` shows what happens, what its workers say, and with ``summarizes`` a summary of the run at its end.
    """

    session: Session
    insist_on_resume: bool = False
    view: View = field(default_factory=PlainView, repr=False)
    summarizes: bool = False
    asked: list[str] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    began_at: float = field(default_factory=time.monotonic)
    exit_code: int = 0
    failed: str | None = None
    error: YolozuError | None = None
    lock: HeldLock | None = field(default=None, repr=False)
    stopping: StopBuild = field(default_factory=StopBuild, repr=False)

    def __post_init__(self) -> None:
        self.stopping.ask = self.view.ask

    def tasks(self) -> Iterator[dict[str, Any]]:
        """Task dictionaries for doit: the planner's files, the stages, the short names."""
        layout = self.session.layout
        planned = [str(layout.root / path) for path in self.session.texts]
        yield {"basename": RESOLVE, "actions": [(self.resolve,)], "targets": planned, "uptodate": [False]}
        for node in self.session.plan.nodes:
            yield self.stage_task(node)
        for name, stage in GROUPS.items():
            if stage in self.session.plan:
                yield {"basename": name, "actions": None, "task_dep": [stage], "doc": f"Short for {stage}"}

    def stage_task(self, node: Node) -> dict[str, Any]:
        """Task dictionary of a stage."""
        root = self.session.layout.root
        there = (root / path for name, path in node.inputs.items() if name not in node.optional_inputs)
        reads = [self.session.layout.request_path(node.name), *there]
        gives = [root / path for path in node.outputs.values() if path not in node.optional_outputs]
        return {
            "basename": node.name,
            "doc": node.stage.title,
            "actions": [(self.build_stage, [node])],
            "file_dep": [str(path) for path in reads],
            "targets": [str(path) for path in gives],
            "task_dep": list(node.upstream),
            "uptodate": [lambda: self.is_up_to_date(node)],
            "verbosity": 2,
        }

    def may_begin(self) -> bool:
        """Whether the run may be written at all; if not, that is told, and is the build's end."""
        try:
            check_may_write(self.session.layout)
        except UsageError as error:
            self._refused(error)
        return self.exit_code == EXIT_DONE

    def resolve(self) -> TaskError | None:
        """Look for what is missing, take the run's lock, write what its plan says; None where that went well."""
        layout = self.session.layout
        try:
            self._check_receipts()
            looked_for = (
                missing_devices,
                missing_loggers,
                missing_quantizer,
                missing_rendezvous,
                missing_remote_store,
            )
            missing = [finding for find in looked_for for finding in find(self.session, self.asked)]
            missing += LAUNCHERS.load(self._operations.executor).missing(self._operations)
            if missing:
                raise UsageError(missing)
            fetch_first_weights(self.session, self.asked, self._tell)
            self.lock = HeldLock(layout.lock_path, code="YZ302", what=f"run {layout.run_id}")
            if left := jobs_elsewhere(self.session, self.asked):
                raise UsageError(left)
            self.session.write_plan()
            forget_trouble(layout)
            reread_inputs(self.session, self.asked)
        except YolozuError as error:
            return self._refused(error)
        except OSError as error:
            return self._not_done_by_system(error, layout.run_id)
        return None

    def _check_receipts(self) -> None:
        """Refuse to build over results of which nobody can tell any more what they are.

        Raises:
            InputError: YZ301, receipts cannot be read; all of them, and what making their results anew would replace.
        """
        findings = []
        for node in self.session.plan.nodes:
            try:
                Receipt.read(self.session.layout.receipt_path(node.name))
            except InputError as error:
                there = [path for path in node.outputs.values() if (self.session.layout.root / path).exists()]
                stake = f" from the start and replaces {', '.join(there)}" if there else ""
                fix = f"put an intact copy in its place; or delete it: {node.name} then runs again{stake}"
                findings += [replace(finding, fix=fix) for finding in error.findings]
        if findings:
            raise InputError(findings)

    def is_up_to_date(self, node: Node) -> bool:
        """Whether the result of a stage stands."""
        return not self.session.own_reasons(node)

    def build_stage(self, node: Node, environment: Mapping[str, str] = NOTHING) -> TaskError | TaskFailed | None:
        """Run a stage's worker, unless its result stands; None where that went well.

        Args:
            node: the stage.
            environment: variables for its worker, over those of this process.
        """
        if self.is_up_to_date(node):
            return None  # doit lost its record, the receipt did not
        if self.stopping.count:
            return self._refused(stopped(self.session.layout, node.name, "before this stage"))
        try:
            code = self._run_workers(node, environment)
        except OSError as error:
            return self._not_done_by_system(error, f"{self.session.layout.run_id}: {node.name}")
        if code:
            self.exit_code, self.failed = code, node.name
            self._forget_refused()
            return TaskFailed(f"{node.name} ended with exit code {code}")
        self.ran.append(node.name)
        return None

    def _run_workers(self, node: Node, environment: Mapping[str, str]) -> int:
        """Run the worker of a stage, after those of its parts where it has any; the exit code of the last."""
        layout, shards = self.session.layout, shards_of(node.name, self.session.loaded.contract)

        def note(line: str) -> None:
            self.view.show(Says(stage=node.name, kind="note", text=line))

        if self._takes_from_store(node, note):
            code = EXIT_DONE
        elif shards == 1 or self.session.is_in_store(node, note):
            code = self._run_worker(environment, node, node.name)
        else:
            code = run_shards(
                node,
                layout,
                shards,
                partial(self._run_worker, environment, node),
                at_once=self._operations.executor != "local",
                say=note,
            )
            code = code or self._run_worker(environment, node, node.name, "--shards", str(shards))
        if code == EXIT_DONE and node.name == WHOLE:
            forget_shards(layout)
        return code

    def _takes_from_store(self, node: Node, note: Callable[[str], None]) -> bool:
        """Take a result that is in a store, which is a matter of links, here; whether it was there."""
        if self.insist_on_resume and node.stage.resumable:
            return False
        with suppress(YolozuError):  # the worker meets the same, waits for it or tells it
            return self.session.is_in_own_store(node) and take_from_store(
                node, self.session.layout, self._operations, say=note, stopping=lambda: self.stopping.count > 0
            )
        return False

    def _run_worker(self, environment: Mapping[str, str], node: Node, request: str, *options: str) -> int:
        """Run the worker of a request, which does ``node`` or a part of it, to its end; its exit code."""
        options = (
            *options,
            *(["--insist-on-resume"] if self.insist_on_resume and node.stage.resumable else []),
            *(["--events"] if self.view.worker == "events" else []),
        )
        job = WorkerJob(self.session.layout, request, self._operations, options, environment)
        launcher: Launcher = LAUNCHERS.load(self._operations.executor)
        say = None if self.view.worker == "terminal" else partial(self.view.hear, node.name)
        return launcher.run(job, stopping=self.stopping, say=say)

    @property
    def _operations(self) -> OperationsSection:
        return self.session.loaded.contract.operations

    def _forget_refused(self) -> None:
        """A refused command is as if never typed."""
        if self.exit_code == EXIT_USAGE:
            for word in forget_refused(self.session):
                self._tell(f"{self.session.layout.run_id}: {word} is not remembered: it was refused")

    def _refused(self, error: YolozuError) -> TaskError:
        self._tell(str(error))
        self.error, self.exit_code = error, error.exit_code
        return TaskError(str(error))

    def _not_done_by_system(self, error: OSError, within: str) -> TaskError:
        """What the machine would not do ends a build in words; any other error is raised again."""
        said = explain_system_error(error, within=within)
        if said is None:
            raise error
        return self._refused(UsageError([said]))

    def _tell(self, text: str) -> None:
        self.view.show(Says(stage=None, kind="error", text=text))

    def summary(self) -> list[str]:
        """What to say at the end, in lines; nothing where nobody wants it, or where something went wrong."""
        if not self.summarizes or not self.asked or self.exit_code != EXIT_DONE:
            return []
        held = held_for_nobody(Store(store_path()), RUNS_DIR) if self.ran else None
        lines = summary_of(self.session, self.asked, self.ran, time.monotonic() - self.began_at).lines()
        return [*lines, *([] if held is None else [held])]

    def release(self) -> None:
        """Let other builders of this run go ahead."""
        if self.lock is not None:
            self.lock.release()
            self.lock = None


def doit_config(build: Build, reporter: object) -> dict[str, Any]:
    """Settings of doit for a build: its own durable database, our reporter, every stage by default."""
    return {
        "backend": BACKEND,
        "dep_file": str(build.session.layout.database_path),
        "reporter": reporter,
        "default_tasks": [node.name for node in build.session.plan.nodes],
        "verbosity": 2,
    }
