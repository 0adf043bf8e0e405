"""Small data sets in pixels, and the reference's numbers for them."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from yolozu.data.index import DataIndex
from yolozu.structures.classes import ClassTable
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.predictions import ImagePredictions

CLASSES = ClassTable(("cat", "dog", "owl"), (7, 3, 90))
"""Category ids neither start at 0 nor rise with the network index."""


@dataclass(frozen=True)
class Truth:
    """One annotated object: network class index, left, top, width, height in px."""

    class_index: int
    box: tuple[float, float, float, float]
    crowd: bool = False
    area: float | None = None


@dataclass(frozen=True)
class Found:
    """One predicted object: category id, left, top, width, height in px."""

    class_id: int
    box: tuple[float, float, float, float]
    score: float


@dataclass(frozen=True)
class Scene:
    """One image; ``found`` None means that the predictions have no entry for it."""

    truth: list[Truth] = field(default_factory=list)
    found: list[Found] | None = field(default_factory=list)
    width: int = 640
    height: int = 480


def name_of(place: int) -> str:
    return f"images/val/{place:04d}.jpg"


def _normalized(boxes: list[tuple[float, float, float, float]], scene: Scene) -> np.ndarray:
    array = np.array(boxes, np.float64).reshape(-1, 4)
    sides = np.array([scene.width, scene.height], np.float64)
    return np.concatenate([(array[:, :2] + array[:, 2:] / 2) / sides, array[:, 2:] / sides], axis=1)


def area_of(truth: Truth) -> float:
    return truth.box[2] * truth.box[3] if truth.area is None else truth.area


def index_of(scenes: list[Scene], classes: ClassTable = CLASSES) -> DataIndex:
    records = tuple(
        ImageRecord(
            image=name_of(place),
            path=Path("data") / name_of(place),
            width=scene.width,
            height=scene.height,
            sha256="0" * 64,
            class_indices=np.array([truth.class_index for truth in scene.truth], np.int64),
            boxes_cxcywh=_normalized([truth.box for truth in scene.truth], scene),
            is_crowd=np.array([truth.crowd for truth in scene.truth], np.bool_),
            areas_px=np.array([area_of(truth) for truth in scene.truth], np.float64),
        )
        for place, scene in enumerate(scenes)
    )
    return DataIndex(Path("data"), "val", classes, records)


def predictions_of(scenes: list[Scene]) -> list[ImagePredictions]:
    return [
        ImagePredictions(
            name_of(place),
            scene.width,
            scene.height,
            np.array([found.class_id for found in scene.found], np.int64),
            np.array([found.score for found in scene.found], np.float64),
            _normalized([found.box for found in scene.found], scene),
        )
        for place, scene in enumerate(scenes)
        if scene.found is not None
    ]


def reference(scenes: list[Scene], classes: ClassTable = CLASSES):
    """Pycocotools as its users call it, on the original pixels; returns the evaluator."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    images = [{"id": place, "width": s.width, "height": s.height} for place, s in enumerate(scenes, start=100)]
    categories = [{"id": id_, "name": name} for id_, name in zip(classes.category_ids, classes.names, strict=True)]
    truth = [
        {
            "image_id": place,
            "category_id": classes.category_ids[one.class_index],
            "bbox": list(one.box),
            "area": area_of(one),
            "iscrowd": int(one.crowd),
        }
        for place, scene in enumerate(scenes, start=100)
        for one in scene.truth
    ]
    truth = [{**row, "id": number} for number, row in enumerate(truth, start=1)]
    found = [
        {"image_id": place, "category_id": one.class_id, "bbox": list(one.box), "score": one.score}
        for place, scene in enumerate(scenes, start=100)
        for one in scene.found or ()
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {"images": images, "categories": categories, "annotations": truth}
        coco.createIndex()
        if found:
            results = coco.loadRes(found)
        else:
            results = COCO()
            results.dataset = {"images": images, "categories": categories, "annotations": []}
            results.createIndex()
        evaluator = COCOeval(coco, results, "bbox")
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    return evaluator
