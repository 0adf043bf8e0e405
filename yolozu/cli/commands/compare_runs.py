"""`yolozu compare-runs`: why two runs differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolozu.app.outputs import require_writable
from yolozu.cli.options import Json
from yolozu.cli.render import counted, say, say_json, show_findings, table, wrapped
from yolozu.errors import EXIT_DONE, EXIT_REFUSED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from yolozu.app.run_differences.differences import (
        Difference,
        Divergence,
        RowDifference,
        RunDifferences,
        StageDifference,
    )

SHORT = 12
TITLE_WIDTH = 13
MOST_PACKAGES = 6
"""Packages that are shown; the report has all of them."""


def compare_runs(
    a: Annotated[str, typer.Argument(help="Run, by name or directory.", metavar="A")],
    b: Annotated[str, typer.Argument(help="Run, by name or directory.", metavar="B")],
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 1 when contract, data or results differ, but for times.")
    ] = False,
    html: Annotated[Path | None, typer.Option(help="Write a page that shows it.", metavar="FILE")] = None,
    as_json: Json = False,
) -> int:
    """Why two runs differ: contract, data, code, environment, each stage, and the first step at which they part.

    Where nothing differs that decides results, the likely cause is named. How much better B is, with intervals:
    `yolozu compare`.
    """
    from yolozu.app.run_differences.compare_runs import compare_runs as compared
    from yolozu.app.run_differences.compare_runs import write_differences_page

    require_writable({"--html": html})
    found = compared((a, b))
    if html is not None:
        write_differences_page(found, html)
    if as_json:
        say_json(json.dumps(found.to_json(), indent=2, ensure_ascii=False))
    else:
        say("\n".join(_lines(found)))
    show_findings(found.findings)
    return EXIT_REFUSED if check and found.differ else EXIT_DONE


def _lines(found: RunDifferences) -> Iterator[str]:
    yield f"A: {found.a['run']} ({found.a['directory']})"
    yield f"B: {found.b['run']} ({found.b['directory']})"
    yield ""
    yield from _layer("contract", found.contract, found.same, "keys that stages of both were built with")
    if found.operations:
        yield from _layer("operations", found.operations, {}, "they decide no result")
    yield from _layer("data", found.data, found.same)
    yield from _layer("code", found.code, found.same)
    yield from _layer("environment", _few_packages(found.environment), found.same)
    yield ""
    yield "stages"
    for stage in found.stages:
        yield from _stage(stage)
    if found.training is not None:
        yield ""
        yield from _training(found.training)
    if found.metrics or found.equal_metrics:
        yield ""
        yield from _metrics(found)
    yield ""
    yield from _verdict(found)


def _layer(title: str, rows: Sequence[Difference], same: dict[str, str], about: str = "") -> Iterator[str]:
    if not rows:
        told = f": {same[title]}" if title in same else ""
        yield from wrapped(f"{title:<{TITLE_WIDTH}}the same{told}", indent="", hanging=" " * TITLE_WIDTH).splitlines()
        return
    yield title + (f" ({about})" if about else "")
    cells = [(f"  {row.name}", _shown(row.a), _shown(row.b), ", ".join(row.stages)) for row in rows]
    if any(cell[3] for cell in cells):
        yield from table(("", "A", "B", "stages"), cells).splitlines()
    else:
        yield from table(("", "A", "B"), [cell[:3] for cell in cells]).splitlines()


def _few_packages(rows: Sequence[Difference]) -> list[Difference]:
    from yolozu.app.run_differences.differences import Difference

    packages = [row for row in rows if row.name.startswith("package ")]
    shown = [row for row in rows if row not in packages[MOST_PACKAGES:]]
    left = len(packages) - MOST_PACKAGES
    return shown if left <= 0 else [*shown, Difference(f"… {counted(left, 'more package')}", "see --json", "")]


def _stage(stage: StageDifference) -> Iterator[str]:
    taken = "".join(
        f"; {side} took it from the store, made by {run}"
        for side, run in zip("AB", stage.taken, strict=True)
        if run is not None
    )
    text: str = stage.outcome
    if stage.outcome == "differs":
        why = (
            f"for {', '.join(_few(stage.because))}" if stage.expected else "WITHOUT a reason in keys, inputs or version"
        )
        text = f"differs {why}: {', '.join(output.name for output in stage.outputs)}"
    width = 24
    yield from wrapped(f"{stage.stage:<{width - 2}}{text}{taken}", indent="  ", hanging=" " * width).splitlines()


def _few(names: Sequence[str], most: int = 3) -> list[str]:
    rest = len(names) - most
    return [*names[:most], *([f"{rest} more"] if rest > 0 else [])]


def _training(training: Divergence) -> Iterator[str]:
    if training.should_be_equal:
        yield "training: keys, inputs, seed and version are the same, so each bit should be"
    else:
        because = ", ".join(_few(training.because))
        yield from wrapped(
            f"training: differs in {because}, so other bits are expected", indent="", hanging="  "
        ).splitlines()
    yield from _rows("steps", training.compared_rows, training.first_step)
    yield from _rows("validation", training.compared_validations, training.first_validation)
    for row in training.checkpoints:
        yield f"  {row.name:<{22}}{_shown(row.a)} → {_shown(row.b)}"
    if not training.checkpoints:
        yield f"  {'checkpoints':<20}equal"
    for side, step in zip("AB", training.resumed_at, strict=True):
        if step is not None:
            yield f"  {side} went on at step {step} in another process"


def _rows(title: str, compared: int, first: RowDifference | None) -> Iterator[str]:
    if compared == 0:
        yield f"  {title:<20}nothing that both have"
    elif first is None:
        yield f"  {title:<20}{counted(compared, 'row')} equal, each number to the bit"
    else:
        since = "the first row" if first.last_equal is None else f"equal up to step {first.last_equal}"
        kind = "loss" if first.name == "total" else first.name
        yield f"  {title:<20}part at step {first.step} ({since})"
        yield from wrapped(f"{kind}: {first.a!r} → {first.b!r}", indent=" " * 22, hanging=" " * 24).splitlines()


def _metrics(found: RunDifferences) -> Iterator[str]:
    if not found.metrics:
        yield f"metrics: {counted(found.equal_metrics, 'number')}, all equal"
        return
    yield f"metrics: {found.equal_metrics} equal, {len(found.metrics)} not (whether chance explains it: yolozu compare)"
    rows = [(f"  {row.name}", _shown(row.a), _shown(row.b), _delta(row.a, row.b)) for row in found.metrics]
    yield from table(("", "A", "B", "B - A"), rows, numbers=True).splitlines()


def _verdict(found: RunDifferences) -> Iterator[str]:
    if not found.differ:
        yield "the same: contract, data and results are equal, but for times"
    elif not found.causes:
        yield "they differ in what is told above, and in nothing that it does not explain"
    for place, cause in enumerate(found.causes):
        told = [f"{row.name} {_shown(row.a)} → {_shown(row.b)}" for row in cause.differences]
        text = f"{', '.join(_few(told))}: {cause.text}" if told else cause.text
        title = "likely cause" if place == 0 else "or"
        yield from wrapped(f"{title}: {text}", indent="", hanging="  ").splitlines()


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value[:SHORT] if len(value) == 64 else value
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def _delta(a: Any, b: Any) -> str:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (a, b))
    return f"{b - a:+.6g}" if numbers else "-"
