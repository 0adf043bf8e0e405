"""A sequence of tasks as runs: what each task's contract is, what would run, and the building of one after another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.app.building import build_shown
from yolozu.app.runs_of_a_file import of_the_file, open_described
from yolozu.artifacts.earlier_runs import FORGETTING_REPORT
from yolozu.contract.loader import LoadedContract, load_contract
from yolozu.contract.overrides import Override
from yolozu.contract.sections.data import SYNTHETIC, DatasetSection
from yolozu.contract.strict.sequence_file import LoadedSequence, SequencedTask, read_sequence
from yolozu.engine.run_overrides import RunOverrides
from yolozu.errors import EXIT_DONE, ContractError, Finding, InputError, UsageError
from yolozu.paths import BEST_CHECKPOINT, RUNS_DIR, RunLayout
from yolozu.planning.receipt import Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from yolozu.engine.session import Session
    from yolozu.engine.view.view import View
    from yolozu.evaluation.forgetting.report import ForgettingReport

REPORT_PAGE = "reports/report.html"


@dataclass(frozen=True)
class PlannedTask:
    """A task whose contract can be used.

    Attributes:
        name: its name.
        run_id: name of its run.
        base: contract file; None where there is none.
        overrides: all keys that the sequence gives it.
        warnings: what its contract says without keeping it from being used.
    """

    name: str
    run_id: str
    base: str | None
    overrides: tuple[Override, ...]
    warnings: tuple[Finding, ...]


@dataclass(frozen=True)
class TaskPlan:
    """What building a task would do.

    Attributes:
        task: the task.
        after: name of the task that has to be built first; None where that is up to date.
        stages: stage -> why it runs; no reason where it only follows others. Stages that are up to date are not here.
    """

    task: PlannedTask
    after: str | None
    stages: dict[str, list[str]]


def planned_tasks(path: Path) -> tuple[LoadedSequence, list[PlannedTask]]:
    """The tasks of a sequence file, with what the sequence sets by itself.

    Of every task but the first: ``init_from`` is the best checkpoint of the task before, ``head_init`` is ``extend``,
    ``continual_from`` is its run; all unless the task, or ``later``, says otherwise. ``class_names`` is the classes of
    all tasks so far in order, unless the contract says otherwise. A task's own classes are its ``labeled_classes``, or
    those of its data.

    Raises:
        ContractError, InputError: everything that is wrong with the file, the contracts and the data of all tasks.
    """
    sequence = read_sequence(path)
    _require_same_base(sequence)
    known: tuple[str, ...] = ()
    planned: list[PlannedTask] = []
    findings: dict[Finding, None] = {}
    for place, task in enumerate(sequence.tasks):
        before = None if place == 0 else sequence.tasks[place - 1]
        overrides = [*task.shared, *_set_by_itself(task, before), *task.own]
        try:
            loaded = _loaded(sequence, overrides)
            dataset = loaded.contract.dataset
            if dataset.class_names is None:
                known = _united(known, _own_classes(dataset))
                if before is not None or dataset.labeled_classes is not None:
                    overrides.append(Override("class_names", list(known), task.where))
                    loaded = _loaded(sequence, overrides)
            else:
                known = dataset.class_names
        except (ContractError, InputError) as error:
            findings |= dict.fromkeys(of_the_file(finding, path) for finding in error.findings)
            continue
        planned.append(PlannedTask(task.name, task.run_id, sequence.base, tuple(overrides), loaded.warnings))
    if findings:
        raise ContractError(findings)
    return sequence, planned


def _loaded(sequence: LoadedSequence, overrides: Sequence[Override]) -> LoadedContract:
    return load_contract(None if sequence.base is None else Path(sequence.base), overrides)


def _set_by_itself(task: SequencedTask, before: SequencedTask | None) -> Iterator[Override]:
    """Keys that make a task go on from the one before."""
    if before is None:
        return
    given = {override.key for override in task.own}
    values = {
        "init_from": str(RunLayout.of(before.run_id).root / BEST_CHECKPOINT),
        "head_init": "extend",
        "continual_from": before.run_id,
    }
    for key, value in values.items():
        if key not in given:
            yield Override(key, value, task.where)


def _own_classes(dataset: DatasetSection) -> tuple[str, ...]:
    """What a task is about: the classes that are labeled, or those of its data."""
    if dataset.labeled_classes is not None:
        return dataset.labeled_classes
    if dataset.dataset_root == SYNTHETIC:
        from yolozu.data.synth.solids import all_solids

        return tuple(solid.name for solid in all_solids())
    from yolozu.data.layouts.layout import find_layout
    from yolozu.data.survey import classes_of_data

    return classes_of_data(find_layout(Path(dataset.dataset_root)), dataset.used_splits).names


def _united(known: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *more)))


def _require_same_base(sequence: LoadedSequence) -> None:
    """Refuse to take the contract file away from runs that have one, which they would go on remembering."""
    for task in sequence.tasks:
        remembered = RunOverrides.read(RunLayout.of(task.run_id)).config
        if sequence.base is None and remembered is not None:
            raise UsageError.one(
                "YZ559",
                where=f"{sequence.path}: base",
                problem=f"is not given, but {task.run_id} was built from {remembered}",
                fix="name it, or give the sequence another run_id",
            )


def open_task(sequence: LoadedSequence, task: PlannedTask, argv: Sequence[str]) -> Session:
    """The run of a task; what it was given before is forgotten, so that the sequence file alone says what it is.

    Raises:
        YolozuError: files of the task before are not there yet, or the data set cannot be read.
    """
    return open_described(
        task.run_id, task.base, task.overrides, argv, described=f"task {task.name} of {sequence.path}"
    )


def plan_sequence(sequence: LoadedSequence, tasks: Sequence[PlannedTask], argv: Sequence[str]) -> list[TaskPlan]:
    """What building each task would do. Nothing is written.

    Raises:
        YolozuError: the data of the first task that would run cannot be read.
    """
    plans: list[TaskPlan] = []
    after: str | None = None
    for task in tasks:
        if after is not None:
            plans.append(TaskPlan(task, after, {}))
            continue
        session = open_task(sequence, task, argv)
        stages = {
            verdict.node.name: [
                reason.render(session.origin) for reason in verdict.reasons if reason.kind != "upstream"
            ]
            for verdict in session.verdicts([])
            if verdict.stale
        }
        after = task.name if stages else None
        plans.append(TaskPlan(task, None, stages))
    return plans


def build_sequence(
    sequence: LoadedSequence,
    tasks: Sequence[PlannedTask],
    argv: Sequence[str],
    *,
    view_of: Callable[[], View],
    say: Callable[[str], None],
    shows_all: bool,
) -> int:
    """Build one task after another; the exit code of the first that does not end well.

    Args:
        sequence: the file.
        tasks: its tasks.
        argv: the command line, for the record.
        view_of: makes what shows a build.
        say: is told a line a task.
        shows_all: whether tasks that are up to date are shown like others; else they are a line.

    Raises:
        YolozuError: what a task reads is not there.
    """
    for place, task in enumerate(tasks, start=1):
        session = open_task(sequence, task, argv)
        said = f"task {place} of {len(tasks)}, {task.name}"
        if not shows_all and not any(verdict.stale for verdict in session.verdicts([])):
            say(f"{said}: up to date{_score(task)}")
            continue
        code = build_shown(session, [], view_of(), resume=False, summarizes=False)
        if code != EXIT_DONE:
            return code
        say(f"{said}: built{_score(task)}")
    return EXIT_DONE


def _score(task: PlannedTask) -> str:
    """``, mAP50-95 0.812``; nothing where it was not measured."""
    receipt = Receipt.readable(RunLayout.of(task.run_id).receipt_path("evaluate"))
    value: Any = None if receipt is None else receipt.numbers.get("map50_95")
    return "" if value is None else f", mAP50-95 {value:.3f}"


def sequence_report(tasks: Sequence[PlannedTask]) -> ForgettingReport | None:
    """What the last task has kept of the earlier ones; None where there is only one.

    Raises:
        InputError: YZ855 the report cannot be read.
    """
    from yolozu.artifacts.record import read_record
    from yolozu.evaluation.forgetting.report import ForgettingReport

    if len(tasks) < 2:
        return None
    path = RUNS_DIR / tasks[-1].run_id / FORGETTING_REPORT
    return read_record(path, ForgettingReport, code="YZ855", fix="build the sequence again")


def report_page(tasks: Sequence[PlannedTask]) -> Path | None:
    """The page of the last task's run; None where its contract asks for none."""
    page = RUNS_DIR / tasks[-1].run_id / REPORT_PAGE
    return page if page.is_file() else None
