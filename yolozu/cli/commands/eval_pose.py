"""`yolozu eval-pose`: predicted poses held against true ones."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from yolozu.cli.outputs import require_writable
from yolozu.cli.render import show_report
from yolozu.progress import progress_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.app.datasets import EvaluatedSplit
    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.data.index import DataIndex
    from yolozu.evaluation.pose.targets import Targeted
    from yolozu.structures.predictions import ImagePredictions

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
    dataset: Annotated[Path, typer.Option(help="Directory of the data set.", metavar="ROOT")],
    predictions: Annotated[Path, typer.Option(help="Predictions file, or BOP results (.csv).", metavar="FILE")],
    split: Annotated[str | None, typer.Option(help="Split; left out, the only one, or val.")] = None,
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
    max_images: Annotated[int | None, typer.Option(min=1, help="Evaluate only the first so many images.")] = None,
    bop_csv: Annotated[
        Path | None, typer.Option(help="Write the predicted poses there as BOP results.", metavar="FILE")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write the report there.", metavar="FILE")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Pose evaluation: recalls over all objects, medians, the same per class, and what they were measured on."""
    from yolozu.app.datasets import open_evaluated
    from yolozu.evaluation.bop_csv import write_bop_csv
    from yolozu.evaluation.bop_ids import of_camera
    from yolozu.evaluation.pose.evaluate import evaluate_pose
    from yolozu.evaluation.pose.report import pose_report

    require_writable({"--output": output, "--bop-csv": bop_csv}, [predictions])
    opened = open_evaluated(dataset, split, progress_for(sys.stderr))
    index = of_camera(opened.index, camera)
    known_models = opened.models if models is None else _models_in(models, models_unit, index)
    entries, said = _entries(predictions, opened.index, index, max_images)
    chosen = _targeted(opened, index, dataset, targets)
    if chosen is not None:
        said += chosen.said
    evaluated = index if chosen is None else chosen.index
    names = {record.image for record in evaluated.records}
    result = evaluate_pose(
        evaluated,
        known_models,
        [entry for entry in entries if entry.image in names],
        max_images=max_images,
        targets=None if chosen is None else chosen.targets,
    )
    report = pose_report(result, said=[*opened.said, *said])
    if bop_csv is not None:
        count = write_bop_csv(bop_csv, index, entries)
        print(f"BOP results: {bop_csv}, {count} estimates", file=sys.stderr)
    show_report(report, _lines(report, f"{dataset} {index.split}"), output=output, as_json=as_json)


def _models_in(directory: Path, unit: str, index: DataIndex) -> ObjectModels:
    """The models of a directory.

    Raises:
        UsageError: YZ813 there is no such directory.
    """
    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.data.layouts.mesh_files import ModelFiles
    from yolozu.data.readers.meshes import axes_apart, read_models
    from yolozu.errors import UsageError

    if not directory.is_dir():
        fix = "name a directory with obj_000001.ply, … or <class>.ply, and models_info.json"
        raise UsageError.one("YZ813", where="--models", problem=f"{directory} is no directory", fix=fix)
    files = ModelFiles(directory, 1.0 if unit == "m" else 1.0 / MM_PER_METRE)
    for where, problem in axes_apart(files, index.classes):
        print(f"warning: {where}: {problem}; none of them counts", file=sys.stderr)
    return ObjectModels(read_models(files, index.classes))


def _entries(
    path: Path, whole: DataIndex, index: DataIndex, max_images: int | None
) -> tuple[list[ImagePredictions], list[str]]:
    """The predictions of the images of ``index``, by the names that it gives them, and what reading them had to say."""
    from yolozu.artifacts.predictions import load_predictions
    from yolozu.evaluation.bop_csv import read_bop_csv
    from yolozu.evaluation.boxes.problem import by_record
    from yolozu.evaluation.boxes.report import said_by
    from yolozu.evaluation.known_images import known_images

    if path.suffix.lower() == ".csv":
        results = read_bop_csv(path, index)
        return results.images, results.said
    loaded = load_predictions(path, known=known_images(whole, max_images=max_images))
    entries = zip(whole.records, by_record(whole, loaded.images), strict=True)
    wanted = {record.image for record in index.records}
    found = [
        replace(entry, image=record.image) for record, entry in entries if entry is not None and record.image in wanted
    ]
    return found, said_by(loaded.check)


def _targeted(opened: EvaluatedSplit, index: DataIndex, root: Path, stated: str | None) -> Targeted | None:
    """The images and objects that are to be found, where a file says so.

    Raises:
        InputError: YZ807 the file cannot be understood, or is of other images.
    """
    import numpy as np

    from yolozu.evaluation.bop_ids import stated_keys
    from yolozu.evaluation.pose.targets import TARGETS_NAME, targeted

    if stated == "none":
        return None
    path = root / TARGETS_NAME if stated is None else Path(stated)
    is_test = index.split == "test" or index.split.startswith("test_")
    if stated is None and not (path.is_file() and is_test and stated_keys(index) is not None):
        return None
    visible = {
        image.labeled.image: np.array(
            [
                np.nan if instance.visible_fraction is None else instance.visible_fraction
                for instance in image.labeled.instances
            ]
        )
        for image in opened.surveyed.images
    }
    return targeted(index, [visible[record.image] for record in index.records], path)


def _lines(report: dict[str, Any], subject: str) -> Iterator[str]:
    counts, metrics = report["counts"], report["metrics"]
    yield f"{subject}: {counts['images']} images, {counts['ground_truth']} objects with a pose"
    yield f"predictions: {counts['estimates']} poses in {counts['covered_images']} images"
    yield ""
    yield "recall, over all objects"
    yield from (f"  {title:<28}{_number(metrics[name]):>9}" for title, name in RECALLS)
    yield f"median, over {counts['matched']} objects with an estimate"
    yield from (f"  {title:<28}{_number(metrics[name]):>9}" for title, name in MEDIANS)
    yield ""
    yield from _classes(report)
    for warning in report["warnings"]:
        yield f"warning: {warning}"


def _classes(report: dict[str, Any]) -> Iterator[str]:
    """One row for each class that has objects or estimates; * marks those whose model has a symmetry."""
    titles = ("objects", "found", "ADD(-S)", "5°5cm", "BOP", "deg", "mm")
    yield f"{'class':<{NAME_WIDTH}}" + "".join(f"{title:>8}" for title in titles)
    for row in report["per_class"]:
        if row["ground_truth"] or row["estimates"]:
            name = f"{row['name']} *" if row["symmetric"] else row["name"]
            name = name if len(name) < NAME_WIDTH else name[: NAME_WIDTH - 2] + "…"
            metrics = row["metrics"]
            recalls = [_number(metrics[key]) for key in ("add_s_01d", "within_5deg_5cm", "bop_ar")]
            medians = [_number(metrics[key], 1) for key in ("rot_deg_median", "t_mm_median")]
            cells = [str(row["ground_truth"]), str(row["matched"]), *recalls, *medians]
            yield f"{name:<{NAME_WIDTH}}" + "".join(f"{cell:>8}" for cell in cells)


def _number(value: float | None, decimals: int = 4) -> str:
    return "-" if value is None else f"{value:.{decimals}f}"
