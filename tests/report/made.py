"""A small run whose files a report is made of: two cats, a dog, pictures of one color each."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from PIL import Image

from tests.evaluation.scenes import Found, Scene, Truth, index_of, predictions_of
from yolozu.artifacts.meshes import ObjectModels
from yolozu.artifacts.predictions import write_predictions
from yolozu.artifacts.record import write_record
from yolozu.data.index import DataIndex
from yolozu.evaluation.boxes.coco import evaluate_coco
from yolozu.report.material import Material, RunFiles, Show
from yolozu.structures.classes import ClassTable

BOX, OTHER = (40.0, 30.0, 100.0, 80.0), (300.0, 200.0, 60.0, 60.0)
SCENES = (
    Scene([Truth(0, BOX)], [Found(7, BOX, 0.9)]),
    Scene([Truth(0, BOX), Truth(1, OTHER)], [Found(3, BOX, 0.8)]),
    Scene([Truth(1, BOX)], [Found(3, BOX, 0.7), Found(90, OTHER, 0.6), Found(7, OTHER, 0.1)]),
    Scene([], []),
)
"""A hit; a cat taken for a dog beside a missed dog; a hit beside an owl that is not there; nothing."""
NAMES = ("cat", "dog", "owl")


def material_in(directory: Path, scenes=SCENES, *, names=NAMES, run="exp", show=None, **other) -> Material:
    """The material of a run with these scenes; ``other`` are further files, or None for what is not there."""
    classes = ClassTable(names, (7, 3, 90))
    index, found = index_of(list(scenes), classes), predictions_of(list(scenes))
    root = directory / "data"
    records = tuple(replace(record, path=root / record.image) for record in index.records)
    index = DataIndex(root, "val", classes, records)
    for number, record in enumerate(records):
        record.path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (record.width, record.height), (40 * number, 90, 120)).save(record.path)
    index.write(directory / "index.json")
    ObjectModels().write(directory / "models.json")
    write_predictions(directory / "predictions.json", found, {})
    write_record(directory / "eval_coco.json", evaluate_coco(index, found))
    files = {
        "index": directory / "index.json",
        "models": directory / "models.json",
        "predictions": directory / "predictions.json",
        "boxes": directory / "eval_coco.json",
        **other,
    }
    return Material(run, RunFiles(**files), Show(4, 0.25) if show is None else show)


def rows_in(path: Path, *rows) -> Path:
    """A metrics file of (kind, step, losses, metrics)."""
    lines = [
        json.dumps(
            {"losses": losses, "meta": {"epoch": 1, "kind": kind, "optim_step": step, "step": step}, "metrics": metrics}
        )
        for kind, step, losses, metrics in rows
    ]
    path.write_text("".join(f"{line}\n" for line in lines))
    return path
