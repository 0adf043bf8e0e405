"""Predictions files held against data sets: boxes by the COCO protocol, and poses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.app.datasets import EvaluatedSplit, open_evaluated
from yolozu.errors import UsageError

if TYPE_CHECKING:
    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.artifacts.prediction_formats import BoxFormat
    from yolozu.contract.sections.evaluate import EvalEngine
    from yolozu.data.index import DataIndex
    from yolozu.evaluation.pose.targets import Targeted
    from yolozu.progress import Progress
    from yolozu.structures.predictions import ImagePredictions

MM_PER_METRE = 1000.0


def evaluate_boxes(
    predictions: Path,
    dataset: Path,
    split: str | None,
    *,
    bbox_format: BoxFormat | None,
    max_images: int | None,
    engine: EvalEngine,
    dry_run: bool,
    progress: Progress,
) -> tuple[dict[str, Any], str]:
    """The report of ``eval_coco.json``, and the split that was meant.

    Raises:
        YolozuError: the file or the data set cannot be used.
    """
    from yolozu.artifacts.predictions import load_predictions
    from yolozu.evaluation.boxes.coco import evaluate_coco
    from yolozu.evaluation.known_images import known_images

    opened = open_evaluated(dataset, split, progress)
    index = opened.index
    loaded = load_predictions(predictions, bbox_format=bbox_format, known=known_images(index, max_images=max_images))
    result = evaluate_coco(index, loaded.images, engine=engine, max_images=max_images, dry_run=dry_run)
    return result.of_file(loaded.check, said=opened.said).model_dump(), index.split


def evaluate_poses(
    predictions: Path,
    dataset: Path,
    split: str | None,
    *,
    models: Path | None,
    models_unit: str,
    targets: str | None,
    camera: str | None,
    max_images: int | None,
    bop_csv: Path | None,
    progress: Progress,
) -> tuple[dict[str, Any], str]:
    """The report of ``eval_pose.json``, and the split that was meant.

    Raises:
        YolozuError: a file or the data set cannot be used.
    """
    from yolozu.evaluation.pose.bop_csv import write_bop_csv
    from yolozu.evaluation.pose.bop_ids import of_camera
    from yolozu.evaluation.pose.evaluate import evaluate_pose

    opened = open_evaluated(dataset, split, progress)
    index = of_camera(opened.index, camera)
    known_models = opened.models if models is None else _models_in(models, models_unit, index, progress)
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
    if bop_csv is not None:
        count = write_bop_csv(bop_csv, index, entries)
        progress.say(f"BOP results: {bop_csv}, {count} estimates")
    return result.with_warnings([*opened.said, *said]).model_dump(), index.split


def _models_in(directory: Path, unit: str, index: DataIndex, progress: Progress) -> ObjectModels:
    """The models of a directory.

    Raises:
        UsageError: YZ813 there is no such directory.
    """
    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.data.layouts.mesh_files import ModelFiles
    from yolozu.data.readers.meshes import axes_apart, read_models

    if not directory.is_dir():
        fix = "name a directory with obj_000001.ply, … or <class>.ply, and models_info.json"
        raise UsageError.one("YZ813", where="--models", problem=f"{directory} is no directory", fix=fix)
    files = ModelFiles(directory, 1.0 if unit == "m" else 1.0 / MM_PER_METRE)
    for where, problem in axes_apart(files, index.classes):
        progress.say(f"warning: {where}: {problem}; none of them counts")
    return ObjectModels(read_models(files, index.classes))


def _entries(
    path: Path, whole: DataIndex, index: DataIndex, max_images: int | None
) -> tuple[list[ImagePredictions], list[str]]:
    """The predictions of the images of ``index``, by the names that it gives them, and what reading them had to say."""
    from yolozu.artifacts.predictions import load_predictions
    from yolozu.evaluation.boxes.problem import by_record
    from yolozu.evaluation.boxes.report import said_by
    from yolozu.evaluation.known_images import known_images
    from yolozu.evaluation.pose.bop_csv import read_bop_csv

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

    from yolozu.evaluation.pose.bop_ids import stated_keys
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
