"""`yolozu continual`: tasks that are learned one after another."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolozu.app.task_sequence import (
    build_sequence,
    plan_sequence,
    planned_tasks,
    report_page,
    sequence_report,
)
from yolozu.cli.options import Events, Quiet
from yolozu.cli.render import counted, number, say, say_json, show_findings, table
from yolozu.engine.view.live import view_for
from yolozu.engine.view.view import JsonView, QuietView
from yolozu.errors import EXIT_DONE, EXIT_INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolozu.app.task_sequence import PlannedTask, TaskPlan
    from yolozu.evaluation.forgetting.report import ForgettingReport

NEW = "has not been built"


def run(
    config: Annotated[Path, typer.Argument(help="Sequence file (YAML or JSON).", metavar="CONFIG")],
    *,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would run, and why. Nothing is written.")] = False,
    quiet: Quiet = False,
    as_json: Events = False,
) -> int:
    """Learn tasks one after another, each as a run that goes on from the one before; only what is stale is built.

    At the end: how well every task does after every task, and what was forgotten.
    """
    sequence, tasks = planned_tasks(config)
    show_findings(dict.fromkeys(warning for task in tasks for warning in task.warnings))
    if plan:
        plans = plan_sequence(sequence, tasks, sys.argv)
        if as_json:
            say_json(json.dumps(_plans_as_json(sequence.run_id, plans), indent=2))
        else:
            say("\n".join(_planned(plans)))
        return EXIT_DONE
    code = build_sequence(
        sequence,
        tasks,
        sys.argv,
        view_of=JsonView if as_json else QuietView if quiet else view_for,
        say=_ignored if quiet or as_json else print,
        shows_all=as_json,
    )
    if code == EXIT_INTERRUPTED and not as_json:
        say(f"the same command goes on: yolozu continual {config}", file=sys.stderr)
    report = sequence_report(tasks) if code == EXIT_DONE else None
    if as_json:
        say_json(json.dumps(_end_as_json(sequence.run_id, tasks, report, code)), flush=True)
    elif code == EXIT_DONE:
        say("\n".join(_ended(tasks, report)))
    return code


def _ignored(line: str) -> None:
    """Says nothing."""


def _planned(plans: Sequence[TaskPlan]) -> Iterator[str]:
    """``b: after a``, or what runs and why; stages that only follow others are counted."""
    for place, plan in enumerate(plans, start=1):
        head = f"task {place} of {len(plans)}, {plan.task.name} (run {plan.task.run_id})"
        if plan.after is not None:
            yield f"{head}: after {plan.after}"
        elif not plan.stages:
            yield f"{head}: up to date"
        elif all(NEW in reasons for reasons in plan.stages.values()):
            yield f"{head}: not built yet, all of its {len(plan.stages)} stages run"
        else:
            yield f"{head}: {counted(len(plan.stages), 'stage runs', 'stages run')}"
            for stage, reasons in plan.stages.items():
                yield from [f"  {stage}: {reason}" for reason in reasons]


def _ended(tasks: Sequence[PlannedTask], report: ForgettingReport | None) -> Iterator[str]:
    """The matrix, the averages, and where the report is."""
    if report is not None:
        names = [task.name for task in tasks]
        rows = [
            [f"after {name}", *("" if value is None else number(value, 3) for value in row)]
            for name, row in zip(names, report.matrix, strict=True)
        ]
        yield table(["mAP50-95", *(f"on {name}" for name in names)], rows, numbers=True)
        yield (
            f"average {number(report.average, 3)}, forgetting {number(report.forgetting, 3)}, "
            f"backward transfer {number(report.backward_transfer, 3, '+')}"
        )
    page = report_page(tasks)
    if page is not None:
        yield f"report: {page}"


def _plans_as_json(run_id: str, plans: Sequence[TaskPlan]) -> dict[str, Any]:
    rows = [
        {"name": plan.task.name, "run_id": plan.task.run_id, "after": plan.after, "stages": plan.stages}
        for plan in plans
    ]
    return {"run_id": run_id, "tasks": rows}


def _end_as_json(
    run_id: str, tasks: Sequence[PlannedTask], report: ForgettingReport | None, code: int
) -> dict[str, Any]:
    """The last line: how the sequence ended."""
    return {
        "event": "sequence_ends",
        "run_id": run_id,
        "exit_code": code,
        "runs": [task.run_id for task in tasks],
        "forgetting": None if report is None else report.model_dump(mode="json"),
    }
