"""`yolozu validate …`: files held against what they claim to be."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yolozu.artifacts.jsonio import pretty
from yolozu.artifacts.prediction_formats import BoxFormat
from yolozu.cli.commands.data import check as dataset
from yolozu.cli.render import counted, show_findings
from yolozu.errors import EXIT_REFUSED, GateFailed, InputError
from yolozu.progress import progress_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from yolozu.artifacts.predictions import KnownImages, PredictionsCheck

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
        int | None, typer.Option(min=1, help="Only the first so many images of the data set need predictions.")
    ] = None,
    max_findings: Annotated[int, typer.Option(min=1, help="Findings listed of each kind; all are counted.")] = 20,
    as_json: Json = False,
) -> None:
    """Check every number of a predictions file. Exit 1 when there is an error."""
    from yolozu.artifacts.predictions import check_predictions
    from yolozu.artifacts.predictions.check import check_report

    if dataset is None and (split is not None or max_images is not None):
        given = "--split" if split is not None else "--max-images"
        raise typer.BadParameter("say which data set with --dataset", param_hint=given)
    known = None if dataset is None else _known(dataset, split, max_images)
    check = check_predictions(file, bbox_format=bbox_format, known=known, strict=strict, keep_findings=max_findings)
    if as_json:
        print(pretty(check_report(check)), end="")
    else:
        _show(file, check)
    if not check.passed:
        raise typer.Exit(EXIT_REFUSED)


def run_meta(file: Annotated[Path, typer.Argument(help="A run's run_meta.json.", metavar="FILE")]) -> None:
    """Check that a record of a training is complete. Exit 1 when it is not."""
    from yolozu.artifacts.run_meta import read_run_meta

    _judge(file, read_run_meta, "a complete run_meta.json")


def parity(file: Annotated[Path, typer.Argument(help="A run's onnx_parity.json.", metavar="FILE")]) -> None:
    """Check that a parity report is complete, whatever it says. Exit 1 when it is not."""
    from yolozu.artifacts.parity_report import read_parity_report

    _judge(file, read_parity_report, "a complete onnx_parity.json")


def _known(root: Path, split: str | None, max_images: int | None) -> KnownImages:
    from yolozu.app.datasets import open_evaluated
    from yolozu.evaluation.known_images import known_images

    return known_images(open_evaluated(root, split, progress_for(sys.stderr)).index, max_images=max_images)


def _show(file: Path, check: PredictionsCheck) -> None:
    show_findings(check.findings, sys.stdout)
    listed = len(check.findings)
    left = check.errors + check.warnings - listed
    if left:
        print(
            f"… and {left} more of these kinds: " + ", ".join(f"{n} × {c}" for c, n in check.findings_by_code.items())
        )
    read = f"{counted(check.images, 'image')}, {counted(check.detections, 'detection')} ({check.bbox_format})"
    print(f"{file}: {read}: {_count(check.errors, 'error')}, {_count(check.warnings, 'warning')}")
    if check.coverage is not None:
        print(f"  predictions for {check.coverage.covered_images} of {check.coverage.expected_images} images")


def _count(number: int, word: str) -> str:
    return counted(number, word) if number else f"no {word}s"


def _judge(file: Path, read: Callable[[Path], object], claim: str) -> None:
    """Read a file that must exist; what is wrong with its content is a verdict, not a failure to look."""
    try:
        read(file)
    except InputError as error:
        if file.is_file():
            raise GateFailed(error.findings) from error
        raise
    print(f"{file}: {claim}")
