"""`yolozu validate …`: files held against what they claim to be."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yolozu.artifacts.jsonio import pretty
from yolozu.artifacts.prediction_formats import BoxFormat
from yolozu.cli.commands.data_check import check as dataset
from yolozu.cli.options import in_range
from yolozu.cli.render import counted, say, say_json, show_findings
from yolozu.errors import EXIT_REFUSED
from yolozu.progress import progress_for

if TYPE_CHECKING:
    from yolozu.artifacts.predictions import PredictionsCheck

__all__ = ["dataset", "parity", "predictions", "run_meta"]

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def predictions(
    file: Annotated[Path, typer.Argument(help="Predictions file.", metavar="FILE")],
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Take warnings for errors.")] = False,
    dataset: Annotated[
        Path | None, typer.Option(help="Also check images, classes and coverage of this data set.", metavar="ROOT")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Split of the data set; left out, the only one, or val.")] = None,
    bbox_format: Annotated[
        BoxFormat | None, typer.Option(help="How boxes are written; left out, what the file says, or cxcywh_norm.")
    ] = None,
    max_images: Annotated[
        int | None, in_range("max_images", "Only the first so many images of the data set need predictions.")
    ] = None,
    max_findings: Annotated[int, typer.Option(min=1, help="Findings listed of each kind; all are counted.")] = 20,
    as_json: Json = False,
) -> None:
    """Check every number of a predictions file. Exit 1 when there is an error."""
    from yolozu.app.datasets import known_in
    from yolozu.artifacts.predictions import check_predictions
    from yolozu.artifacts.predictions.check import check_report

    if dataset is None and (split is not None or max_images is not None):
        given = "--split" if split is not None else "--max-images"
        raise typer.BadParameter("say which data set with --dataset", param_hint=given)
    known = known_in(dataset, split, max_images, progress_for(sys.stderr))
    check = check_predictions(file, bbox_format=bbox_format, known=known, strict=strict, keep_findings=max_findings)
    if as_json:
        say_json(pretty(check_report(check)), end="")
    else:
        _show(file, check)
    if not check.passed:
        raise typer.Exit(EXIT_REFUSED)


def run_meta(file: Annotated[Path, typer.Argument(help="A run's run_meta.json.", metavar="FILE")]) -> None:
    """Check that a record of a training is complete. Exit 1 when it is not."""
    from yolozu.app.checked_records import require_run_meta

    require_run_meta(file)
    say(f"{file}: a complete run_meta.json")


def parity(file: Annotated[Path, typer.Argument(help="A run's onnx_parity.json.", metavar="FILE")]) -> None:
    """Check that a parity report is complete, whatever it says. Exit 1 when it is not."""
    from yolozu.app.checked_records import require_parity_report

    require_parity_report(file)
    say(f"{file}: a complete onnx_parity.json")


def _show(file: Path, check: PredictionsCheck) -> None:
    show_findings(check.findings, sys.stdout)
    listed = len(check.findings)
    left = check.errors + check.warnings - listed
    if left:
        say(f"… and {left} more of these kinds: " + ", ".join(f"{n} × {c}" for c, n in check.findings_by_code.items()))
    read = f"{counted(check.images, 'image')}, {counted(check.detections, 'detection')} ({check.bbox_format})"
    say(f"{file}: {read}: {_count(check.errors, 'error')}, {_count(check.warnings, 'warning')}")
    if check.coverage is not None:
        say(f"  predictions for {check.coverage.covered_images} of {check.coverage.expected_images} images")


def _count(number: int, word: str) -> str:
    return counted(number, word) if number else f"no {word}s"
