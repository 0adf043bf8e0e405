"""`yolozu data check`: mistakes in data, what is doubtful in them, and their numbers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from yolozu.app.outputs import require_writable
from yolozu.cli.options import Report, ReportAsJson
from yolozu.cli.render import counted, say, show_report, table, wrapped
from yolozu.contract.sections.data import PreprocessSection
from yolozu.errors import EXIT_REFUSED
from yolozu.progress import progress_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.app.data_check import Examination, FindingKind
    from yolozu.data.statistics import ClassNumbers

USUAL_SIZE = PreprocessSection().image_size
MOST_LISTED = 5
"""Findings of a kind that are listed unless all are asked for."""
MOST_CLASSES = 20


def check(
    root: Annotated[Path, typer.Argument(help="Directory of the data set, or its data.yaml.", metavar="ROOT")],
    *,
    split: Annotated[
        list[str] | None, typer.Option(help="Split, may be repeated (training first); left out, all of them.")
    ] = None,
    policy: Annotated[
        Literal["fail", "warn", "drop"],
        typer.Option(help="What errors do: fail (exit 1), warn, or drop what they concern."),
    ] = "fail",
    image_size: Annotated[
        int, typer.Option(min=32, max=4096, help="Side of the network input in px that boxes are held against.")
    ] = USUAL_SIZE if isinstance(USUAL_SIZE, int) else max(USUAL_SIZE),
    list_all: Annotated[bool, typer.Option("--all", help="List every finding and every class.")] = False,
    sheet: Annotated[Path | None, typer.Option(help="Draw findings into this new picture.", metavar="FILE.jpg")] = None,
    output: Report = None,
    as_json: ReportAsJson = False,
) -> None:
    """Look for mistakes and doubtful things in a data set, and count what is there. Exit 1 when there are errors.

    Errors stop a run (unless its check_data says otherwise); warnings stop nothing.
    """
    from yolozu.app.data_check import draw_findings, examine, require_sheet

    require_writable({"--output": output})
    require_sheet(sheet)
    examined = examine(root, split or [], image_size, progress_for(sys.stderr))
    report = examined.report(policy)
    show_report(report, _lines(examined, report, list_all=list_all), output=output, as_json=as_json)
    if sheet is not None:
        drawn = draw_findings(examined, sheet)
        said = f"sheet: {sheet}, {drawn[0]} of {drawn[1]}" if drawn else "no sheet: no"
        say(f"{said} findings that have a picture", file=sys.stderr)
    if not report["passed"]:
        raise typer.Exit(EXIT_REFUSED)


def _lines(examined: Examination, report: dict[str, Any], *, list_all: bool) -> Iterator[str]:
    yield from _split_lines(examined, report)
    yield from _class_lines(examined, list_all=list_all)
    for note in report["notes"]:
        yield wrapped(f"note: {note}", indent="", hanging="  ")
    kinds = examined.kinds()
    for kind in kinds:
        yield from _kind_lines(kind, list_all=list_all)
    yield from _summary_lines(kinds)
    for name, counts in report["splits"].items():
        images, objects = counts["images"] - counts["images_used"], counts["instances"] - counts["instances_used"]
        if report["passed"] and (images or objects):
            yield f"{name}: {counted(images, 'image')} and {counted(objects, 'object')} would be left out"


def _split_lines(examined: Examination, report: dict[str, Any]) -> Iterator[str]:
    """A row for each split; columns of poses only where there are some."""
    header, rows = ["split", "images", "with objects", "no label file", "copies", "objects"], []
    posed = any(split.with_pose for split in examined.statistics.splits)
    for split in examined.statistics.splits:
        row = [split.images, split.with_objects, split.without_labels, examined.num_alike[split.name], split.objects]
        cameras = report["splits"][split.name]["images_with_camera"]
        rows.append([split.name, *map(str, [*row, split.with_pose, cameras] if posed else row)])
    yield table([*header, "poses", "cameras"] if posed else header, rows, numbers=True)


def _class_lines(examined: Examination, *, list_all: bool) -> Iterator[str]:
    """A row for each class, the most frequent first."""
    classes = sorted(examined.statistics.classes, key=lambda one: -one.total)
    shown = classes if list_all else classes[:MOST_CLASSES]
    yield ""
    header = ["class", "objects", "images", "share", "median box", "small", "medium", "large"]
    yield table(header, [_class_row(one) for one in shown], numbers=True)
    if len(shown) < len(classes):
        yield f"… and {len(classes) - len(shown)} more classes; --all lists them"
    models = examined.checked.num_models
    yield f"\n{counted(len(classes), 'class', 'classes')}{f', {models} with a model' if models else ''}"


def _class_row(one: ClassNumbers) -> list[str]:
    box = "-" if one.median_box is None else f"{one.median_box:.2%}"
    sizes = (one.small, one.medium, one.large)
    return [one.name, str(one.total), str(one.images), f"{one.share:.1%}", box, *map(str, sizes)]


def _kind_lines(kind: FindingKind, *, list_all: bool) -> Iterator[str]:
    yield f"\n{kind.code} {kind.name}: {counted(len(kind), kind.severity)}"
    for fix, violations in kind.by_fix.items():
        yield wrapped(f"fix: {fix}", indent="  ", hanging="    ")
        shown = violations if list_all else violations[:MOST_LISTED]
        for violation in shown:
            yield wrapped(f"{violation.where}: {violation.problem}", indent="  ", hanging="    ")
        if len(shown) < len(violations):
            yield f"  … and {len(violations) - len(shown)} more; --all lists them"


def _summary_lines(kinds: list[FindingKind]) -> Iterator[str]:
    if not kinds:
        yield "\nnothing found"
        return
    totals = {
        severity: sum(len(kind) for kind in kinds if kind.severity == severity) for severity in ("error", "warning")
    }
    found = ", ".join(counted(total, severity) for severity, total in totals.items() if total)
    rules = ", ".join(f"{len(kind)} × {kind.name}" for kind in kinds)
    yield "\n" + wrapped(f"{found}: {rules}", indent="", hanging="  ")
