"""`yolozu compare`: two predictions of the same images, number by number."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from yolozu.app.compared_sides import BOX_TITLES, POSE_TITLES
from yolozu.app.outputs import require_writable
from yolozu.cli.options import Report, ReportAsJson, in_range
from yolozu.cli.render import aligned, counted, number, show_report, wrapped
from yolozu.progress import progress_for

TITLE_WIDTH = 22
SHOWN_CLASSES = 10
LEADING = "map50_95"
"""What classes are sorted and shown by."""


def compare(
    a: Annotated[str, typer.Argument(help="Run, or predictions file.", metavar="A")],
    b: Annotated[str, typer.Argument(help="Run, or predictions file.", metavar="B")],
    *,
    dataset: Annotated[
        Path | None, typer.Option(help="Directory of the data set; runs bring their own.", metavar="ROOT")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Split of --dataset; left out, the only one, or val.")] = None,
    max_images: Annotated[int | None, in_range("max_images", "Compare only the first so many images.")] = None,
    bootstrap: Annotated[int, in_range("resamples", "Data sets drawn for the intervals.")] = 1000,
    seed: Annotated[int, in_range("seed", "Seed of the drawing.")] = 0,
    confidence: Annotated[float, in_range("confidence", "Of the intervals.")] = 0.95,
    output: Report = None,
    html: Annotated[Path | None, typer.Option(help="Write a page that shows the report.", metavar="FILE")] = None,
    as_json: ReportAsJson = False,
) -> None:
    """What B does better or worse than A, and whether chance explains it: paired bootstrap over images.

    Why two runs differ, in contract, data, machine and each step of training: `yolozu compare-runs`.
    """
    from yolozu.app.compared_sides import compare_sides, write_compared_page

    require_writable({"--output": output, "--html": html}, [Path(a), Path(b)])
    report = compare_sides(
        (a, b),
        dataset=dataset,
        split=split,
        max_images=max_images,
        resamples=bootstrap,
        seed=seed,
        confidence=confidence,
        progress=progress_for(sys.stderr),
    )
    if html is not None:
        write_compared_page(report, html)
    show_report(report, _lines(report), output=output, as_json=as_json)


def _lines(report: dict[str, Any]) -> Iterator[str]:
    counts, interval = report["counts"], report["interval"]
    yield f"A: {report['a']['name']}"
    yield f"B: {report['b']['name']}"
    yield f"{counted(counts['images'], 'image')}, {counted(counts['ground_truth'], 'object')}"
    percent = f"{100 * interval['confidence']:g} %"
    yield f"interval: {percent} of {interval['resamples']} paired bootstraps over images; * leaves out 0"
    yield ""
    yield _row("boxes", "A", "B", "B - A", "interval")
    yield from (_numbers(title, report["metrics"][name]) for name, title in BOX_TITLES.items())
    if report["poses"] is not None:
        yield ""
        yield _row("poses", "A", "B", "B - A", "interval")
        yield from (_numbers(title, report["poses"][name]) for name, title in POSE_TITLES.items())
        yield f"medians over the {counts['both_found']} objects that both found"
    yield ""
    yield from _classes(report)
    yield ""
    yield from (wrapped(line, indent="", hanging="  ") for line in _words(report))
    for warning in report["warnings"]:
        yield wrapped(f"warning: {warning}", indent="", hanging="  ")


def _classes(report: dict[str, Any]) -> Iterator[str]:
    """The classes whose AP differs most."""
    rows = [(row["name"], row["metrics"][LEADING]) for row in report["per_class"]]
    rows = [(name, measured) for name, measured in rows if measured["delta"] is not None]
    rows.sort(key=lambda entry: -abs(entry[1]["delta"]))
    yield _row("AP by class", "A", "B", "B - A", "interval")
    yield from (_numbers(*entry) for entry in rows[:SHOWN_CLASSES])
    if len(rows) > SHOWN_CLASSES:
        yield f"{counted(len(rows) - SHOWN_CLASSES, 'class', 'classes')} with smaller differences: --output, --json"


def _words(report: dict[str, Any]) -> Iterator[str]:
    """Which differences leave out 0, in words."""
    from yolozu.app.compared_sides import better_side

    percent = f"{100 * report['interval']['confidence']:g} %"
    named = [(name, BOX_TITLES[name], number) for name, number in report["metrics"].items()]
    named += [(name, POSE_TITLES[name], number) for name, number in (report["poses"] or {}).items()]
    for side in ("b", "a"):
        better = [
            f"{title} ({_signed(number['delta'])})"
            for name, title, number in named
            if better_side(name, number) == side
        ]
        if better:
            yield f"{side.upper()} is better at {percent}: {'; '.join(better)}."
    open_ = [title for _, title, number in named if number["delta"] is not None and not number["excludes_zero"]]
    if open_:
        yield f"Chance may explain: {'; '.join(open_)}."
    rows = [row for row in report["per_class"] if row["metrics"][LEADING]["delta"] is not None]
    apart = sum(row["metrics"][LEADING]["excludes_zero"] for row in rows)
    expected = (1.0 - report["interval"]["confidence"]) * len(rows)
    if rows:
        yield (
            f"AP by class: {apart} of {counted(len(rows), 'interval')} leave out 0; were there no difference, "
            f"about {expected:.1f} would."
        )


def _numbers(title: str, measured: dict[str, Any]) -> str:
    interval = "-"
    if measured["low"] is not None:
        mark = " *" if measured["excludes_zero"] else ""
        interval = f"{_signed(measured['low'])} .. {_signed(measured['high'])}{mark}"
    return _row(title, number(measured["a"]), number(measured["b"]), _signed(measured["delta"]), interval)


def _row(title: str, a: str, b: str, delta: str, interval: str) -> str:
    return f"{aligned(title, (a, b, delta), TITLE_WIDTH, (9, 9, 10))}   {interval}"


def _signed(value: float | None) -> str:
    return number(value, sign="+")
