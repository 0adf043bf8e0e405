"""`yolozu eval-coco`: predictions held against ground truth."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from yolozu.app.outputs import require_writable
from yolozu.artifacts.prediction_formats import BoxFormat
from yolozu.cli.options import Dataset, DryRun, EvaluatedImages, Report, ReportAsJson, Split
from yolozu.cli.render import aligned, counted, number, show_report
from yolozu.contract.sections.evaluate import EvalEngine
from yolozu.progress import progress_for

AREAS = ("small", "medium", "large")
NAME_WIDTH = 30


def eval_coco(
    *,
    dataset: Dataset,
    predictions: Annotated[Path, typer.Option(help="Predictions file.", metavar="FILE")],
    split: Split = None,
    bbox_format: Annotated[
        BoxFormat | None, typer.Option(help="How boxes are written; left out, what the file says, or cxcywh_norm.")
    ] = None,
    max_images: EvaluatedImages = None,
    dry_run: DryRun = False,
    engine: Annotated[EvalEngine, typer.Option(help="What computes; pycocotools is the slow reference.")] = "hotcoco",
    output: Report = None,
    as_json: ReportAsJson = False,
) -> None:
    """COCO evaluation of boxes: the twelve numbers, the same per class, and what they were measured on."""
    from yolozu.app.evaluation import evaluate_boxes

    require_writable({"--output": output}, [predictions])
    report, split = evaluate_boxes(
        predictions,
        dataset,
        split,
        bbox_format=bbox_format,
        max_images=max_images,
        engine=engine,
        dry_run=dry_run,
        progress=progress_for(sys.stderr),
    )
    show_report(report, _lines(report, f"{dataset} {split}"), output=output, as_json=as_json)


def _lines(report: dict[str, Any], subject: str) -> Iterator[str]:
    counts = report["counts"]
    yield f"{subject}: {counts['images']} images, {counts['ground_truth']} objects"
    found, images = counted(counts["detections"], "detection"), counted(counts["covered_images"], "image")
    yield f"predictions: {found} in {images}"
    if not report["dry_run"]:
        yield f"engine: {report['engine']}"
        yield ""
        yield from _summary(report["metrics"])
    yield ""
    yield from _classes(report)
    for warning in report["warnings"]:
        yield f"warning: {warning}"


def _summary(metrics: dict[str, float | None]) -> Iterator[str]:
    yield aligned("", ("all", *AREAS), 22, 9)
    rows = (
        ("AP, IoU .50 to .95", "map50_95", "map"),
        ("AP, IoU .50", "map50", None),
        ("AP, IoU .75", "map75", None),
        ("AR, 1 detection", "ar1", None),
        ("AR, 10 detections", "ar10", None),
        ("AR, 100 detections", "ar100", "ar"),
    )
    for title, name, by_area in rows:
        values = [metrics[name]] + [metrics[f"{by_area}_{area}"] for area in AREAS if by_area is not None]
        yield aligned(title, [number(value) for value in values], 22, 9)


def _classes(report: dict[str, Any]) -> Iterator[str]:
    """One row for each class that has objects or detections."""
    titles = () if report["dry_run"] else ("AP", "AP.50", "AR.100")
    yield aligned("class", ("objects", "found", *titles), NAME_WIDTH, 9)
    for row in report["per_class"]:
        if row["ground_truth"] or row["detections"]:
            numbers = [number(row["metrics"][key]) for key in ("map50_95", "map50", "ar100")] if titles else []
            yield aligned(row["name"], [str(row["ground_truth"]), str(row["detections"]), *numbers], NAME_WIDTH, 9)
