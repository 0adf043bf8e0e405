"""An earlier task's held-out images, predicted before and after, held against each other class by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from yolozu.artifacts.meshes import ObjectModels
from yolozu.data.index import DataIndex
from yolozu.evaluation.boxes.coco import evaluate_coco
from yolozu.evaluation.boxes.problem import by_record
from yolozu.evaluation.forgetting.found import Found, all_of, found_by_class
from yolozu.evaluation.forgetting.report import EarlierTask, ForgottenClass, Numbers
from yolozu.evaluation.pose.evaluate import evaluate_pose
from yolozu.structures.classes import ClassTable
from yolozu.structures.predictions import ImagePredictions

POSES = ("add_s_01d", "rot_deg_median")
_NOTHING = {"map50_95": None, "map50": None}
"""Of images of which nobody knows what is on them."""

_Metrics = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Images of an earlier task, with what its run predicted in them.

    Attributes:
        index: the images with their ground truth.
        models: shapes by class index.
        predictions: at most one entry an image, with category ids of the index.
    """

    index: DataIndex
    models: ObjectModels
    predictions: Sequence[ImagePredictions]

    def of_predicted(self) -> HeldOut:
        """Without the images of which there are no predictions."""
        entries = by_record(self.index, self.predictions)
        kept = tuple(record for record, entry in zip(self.index.records, entries, strict=True) if entry is not None)
        return replace(self, index=replace(self.index, records=kept))

    def in_classes(self, classes: ClassTable) -> HeldOut:
        """The same in another class table, by the names of the classes.

        Raises:
            KeyError: it has not all classes of the index.
        """
        own, places = self.index.classes, {name: place for place, name in enumerate(classes.names)}
        new_C = np.array([places[name] for name in own.names], np.int64)
        ids = {category: classes.category_ids[new] for category, new in zip(own.category_ids, new_C, strict=True)}
        records = tuple(replace(record, class_indices=new_C[record.class_indices]) for record in self.index.records)
        return HeldOut(
            replace(self.index, classes=classes, records=records),
            ObjectModels({int(new_C[index]): model for index, model in self.models.by_class.items()}),
            [
                replace(entry, class_ids=np.array([ids[one] for one in entry.class_ids.tolist()], np.int64))
                for entry in self.predictions
            ],
        )


def compare_task(
    task: str, run: str, held_out: HeldOut, names: Sequence[str], after: Sequence[ImagePredictions]
) -> EarlierTask:
    """What became of an earlier task.

    Args:
        task: its name.
        run: directory of its run.
        held_out: its images, in the class table of this run.
        names: its own classes, in the order of its class table.
        after: what this run predicts in them.
    """
    then, now = _measured(held_out, held_out.predictions), _measured(held_out, after)
    places = [held_out.index.classes.names.index(name) for name in names]
    return EarlierTask(
        task=task,
        run=run,
        images=len(held_out.index.records),
        before=then.total(),
        after=now.total(),
        per_class=[
            ForgottenClass(
                name=name, ground_truth=then.found[place].objects, before=then.of(place), after=now.of(place)
            )
            for name, place in zip(names, places, strict=True)
        ],
    )


@dataclass(frozen=True)
class _Measured:
    """Metrics of all classes and of each; those of poses are empty where no object has one."""

    boxes: _Metrics
    boxes_of: Sequence[_Metrics]
    poses: _Metrics
    poses_of: Sequence[_Metrics]
    found: Sequence[Found]

    def total(self) -> Numbers:
        return _numbers(self.boxes, all_of(self.found), self.poses)

    def of(self, place: int) -> Numbers:
        return _numbers(self.boxes_of[place], self.found[place], self.poses_of[place])


def _measured(held_out: HeldOut, predictions: Sequence[ImagePredictions]) -> _Measured:
    index, models = held_out.index, held_out.models
    if not index.labeled:
        count = len(index.classes)
        return _Measured(_NOTHING, [_NOTHING] * count, {}, [{}] * count, [Found(0, 0, 0)] * count)
    boxes = evaluate_coco(index, predictions)
    poses = evaluate_pose(index, models, predictions) if index.has_poses else None
    pairs = list(zip(index.records, by_record(index, predictions), strict=True))
    return _Measured(
        boxes.metrics,
        [row.metrics for row in boxes.per_class],
        {} if poses is None else poses.metrics,
        [{} for _ in boxes.per_class] if poses is None else [row.metrics for row in poses.per_class],
        found_by_class(pairs, index.classes.category_ids),
    )


def _numbers(boxes: _Metrics, found: Found, poses: _Metrics) -> Numbers:
    return Numbers(
        map50_95=boxes["map50_95"],
        map50=boxes["map50"],
        localization=found.localization,
        recognition=found.recognition,
        **{name: poses.get(name) for name in POSES},
    )
