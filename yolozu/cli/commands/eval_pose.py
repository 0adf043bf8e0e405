"""`yolozu eval-pose`: predicted poses held against true ones."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from yolozu.app.outputs import require_writable
from yolozu.cli.options import Dataset, EvaluatedImages, Report, ReportAsJson, Split
from yolozu.cli.render import aligned, number, show_report
from yolozu.progress import progress_for

NAME_WIDTH = 24
MM_PER_METRE = 1000.0

RECALLS = (
    ("ADD below 0.1 diameter", "add_01d"),
    ("ADD-S below 0.1 diameter", "adds_01d"),
    ("ADD(-S) below 0.1 diameter", "add_s_01d"),
    ("ADD, area up to 10 cm", "add_auc"),
    ("ADD-S, area up to 10 cm", "adds_auc"),
    ("5 degrees and 5 cm", "within_5deg_5cm"),
    ("projections within 5 px", "proj_5px"),
    ("MSSD, average recall", "mssd_ar"),
    ("MSPD, average recall", "mspd_ar"),
    ("BOP without VSD", "bop_ar"),
)
MEDIANS = (
    ("rotation, degrees", "rot_deg_median"),
    ("translation, mm", "t_mm_median"),
    ("translation / diameter", "t_per_diameter_median"),
    ("depth, mm", "z_mm_median"),
)


def eval_pose(
    *,
    dataset: Dataset,
    predictions: Annotated[Path, typer.Option(help="Predictions file, or BOP results (.csv).", metavar="FILE")],
    split: Split = None,
    models: Annotated[
        Path | None,
        typer.Option(help="Directory of meshes and models_info.json [default: the data set's].", metavar="DIR"),
    ] = None,
    models_unit: Annotated[Literal["mm", "m"], typer.Option(help="Unit of the files in --models.")] = "mm",
    targets: Annotated[
        str | None,
        typer.Option(
            help="File of the objects to be found, or none [default: test_targets_bop19.json of a BOP test split].",
            metavar="FILE",
        ),
    ] = None,
    camera: Annotated[
        str | None, typer.Option(help="Of several cameras, evaluate the images of this one.", metavar="NAME")
    ] = None,
    max_images: EvaluatedImages = None,
    bop_csv: Annotated[
        Path | None, typer.Option(help="Write the predicted poses there as BOP results.", metavar="FILE")
    ] = None,
    output: Report = None,
    as_json: ReportAsJson = False,
) -> None:
    """Pose evaluation: recalls over all objects, medians, the same per class, and what they were measured on."""
    from yolozu.app.evaluation import evaluate_poses

    require_writable({"--output": output, "--bop-csv": bop_csv}, [predictions])
    report, split = evaluate_poses(
        predictions,
        dataset,
        split,
        models=models,
        models_unit=models_unit,
        targets=targets,
        camera=camera,
        max_images=max_images,
        bop_csv=bop_csv,
        progress=progress_for(sys.stderr),
    )
    show_report(report, _lines(report, f"{dataset} {split}"), output=output, as_json=as_json)


def _lines(report: dict[str, Any], subject: str) -> Iterator[str]:
    counts, metrics = report["counts"], report["metrics"]
    yield f"{subject}: {counts['images']} images, {counts['ground_truth']} objects with a pose"
    yield f"predictions: {counts['estimates']} poses in {counts['covered_images']} images"
    yield ""
    yield "recall, over all objects"
    yield from (aligned(f"  {title}", [number(metrics[name])], 30, 9) for title, name in RECALLS)
    yield f"median, over {counts['matched']} objects with an estimate"
    yield from (aligned(f"  {title}", [number(metrics[name])], 30, 9) for title, name in MEDIANS)
    yield ""
    yield from _classes(report)
    for warning in report["warnings"]:
        yield f"warning: {warning}"


def _classes(report: dict[str, Any]) -> Iterator[str]:
    """One row for each class that has objects or estimates; * marks those whose model has a symmetry."""
    titles = ("objects", "found", "ADD(-S)", "5°5cm", "BOP", "deg", "mm")
    yield aligned("class", titles, NAME_WIDTH, 8)
    for row in report["per_class"]:
        if row["ground_truth"] or row["estimates"]:
            metrics = row["metrics"]
            recalls = [number(metrics[key]) for key in ("add_s_01d", "within_5deg_5cm", "bop_ar")]
            medians = [number(metrics[key], 1) for key in ("rot_deg_median", "t_mm_median")]
            cells = [str(row["ground_truth"]), str(row["matched"]), *recalls, *medians]
            yield aligned(f"{row['name']} *" if row["symmetric"] else row["name"], cells, NAME_WIDTH, 8)
