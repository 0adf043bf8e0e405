"""Poses to be found and poses that were, as columns, and every pair of the two that may belong together."""

# Shapes: G objects with a pose, E estimates that count, P pairs; digits fixed.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yolozu.data.index import DataIndex
from yolozu.evaluation.boxes.problem import by_record, refuse_unknown_classes
from yolozu.evaluation.pose.targets import ImageTargets
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.predictions import ImagePredictions


@dataclass(frozen=True)
class ObjectGroup:
    """The objects of one class in one image, and the estimates that count for them.

    Attributes:
        objects: their rows among the G, one after another.
        pairs: rows among the P, estimates in falling order of score, each with every object in turn.
    """

    objects: slice
    pairs: slice


@dataclass(frozen=True, eq=False)
class PoseProblem:
    """What is evaluated. Rotations and translations take model to camera, metres.

    Attributes:
        image_G: (G,) place of the object's image in the index.
        place_G: (G,) place of the object in its image.
        class_G: (G,) network class index.
        R_G33: (G, 3, 3) true rotations.
        t_G3: (G, 3) true translations.
        K_G4: (G, 4) fx, fy, cx, cy of the camera that took the image, px.
        width_G: (G,) of the image, px.
        R_E33: (E, 3, 3) estimated rotations.
        t_E3: (E, 3) estimated translations.
        object_P: (P,) row of the object.
        estimate_P: (P,) row of the estimate.
        groups: of objects with at least one estimate.
        images: evaluated.
        estimates_by_class: detections with a pose, by network class index, whether or not they count.
        covered: images that have an entry in the predictions.
        uncovered: the first image that has none.
    """

    image_G: NDArray[np.int64]
    place_G: NDArray[np.int64]
    class_G: NDArray[np.int64]
    R_G33: NDArray[np.float64]
    t_G3: NDArray[np.float64]
    K_G4: NDArray[np.float64]
    width_G: NDArray[np.int64]
    R_E33: NDArray[np.float64]
    t_E3: NDArray[np.float64]
    object_P: NDArray[np.int64]
    estimate_P: NDArray[np.int64]
    groups: tuple[ObjectGroup, ...]
    images: int
    estimates_by_class: NDArray[np.int64]
    covered: int
    uncovered: str | None


def pose_problem_of(
    index: DataIndex,
    predictions: Sequence[ImagePredictions],
    *,
    max_images: int | None = None,
    targets: Sequence[ImageTargets] | None = None,
) -> PoseProblem:
    """Poses of the first ``max_images`` images.

    Detections with ``R`` and ``t_xyz`` are estimates. Of each class in each image, as many of them count as there are
    objects of it, those with the highest scores (of equal scores, the earlier ones): BOP's localization task, which
    knows how many objects to look for. ``targets`` say it of every image, where not all labeled objects are to be
    found: as many of a class as they say, the most visible ones.

    Raises:
        InputError: YZ291 nothing is known of the images, YZ802 for images the index does not have or that come twice,
            YZ803 for unknown classes.
    """
    index.require_labels()
    records = index.records if max_images is None else index.records[:max_images]
    entries = by_record(index, predictions)[: len(records)]
    refuse_unknown_classes(
        np.concatenate([np.zeros(0, np.int64), *(entry.class_ids for entry in entries if entry is not None)]),
        np.array(index.classes.category_ids, np.int64),
    )
    columns = _Columns(index)
    for image, (record, entry) in enumerate(zip(records, entries, strict=True)):
        columns.take(image, record, entry, None if targets is None else targets[image])
    uncovered = (record.image for record, entry in zip(records, entries, strict=True) if entry is None)
    return columns.problem(
        images=len(records), covered=sum(entry is not None for entry in entries), uncovered=next(uncovered, None)
    )


class _Columns:
    """Columns that grow image by image."""

    def __init__(self, index: DataIndex) -> None:
        self._category_ids = index.classes.category_ids
        self._truth: list[tuple[ImageRecord, int]] = []
        self._images: list[int] = []
        self._class_ids = [np.zeros(0, np.int64)]
        self._R = [np.zeros((0, 3, 3))]
        self._t = [np.zeros((0, 3))]
        self._estimates = 0
        self._pairs: list[tuple[int, int]] = []
        self._groups: list[ObjectGroup] = []

    def take(
        self, image: int, record: ImageRecord, entry: ImagePredictions | None, targets: ImageTargets | None
    ) -> None:
        """Add the image at place ``image`` of the index."""
        class_ids, R_N33, t_N3 = _by_falling_score(entry)
        self._class_ids.append(class_ids)
        if record.poses is None:
            return
        wanted_N = record.poses.has_pose_N & ~record.is_crowd
        for class_index in np.unique(record.class_indices[wanted_N]).tolist():
            of_class_N = record.class_indices == class_index
            limit = int((of_class_N & ~record.is_crowd).sum())
            objects = np.flatnonzero(of_class_N & wanted_N).tolist()
            if targets is not None:
                limit = targets.count_of(class_index, limit)
                objects = targets.chosen(objects, limit)
            if objects:
                counted = np.flatnonzero(class_ids == self._category_ids[class_index])[:limit]
                self._add(record, objects, R_N33[counted], t_N3[counted])
        self._images += [image] * (len(self._truth) - len(self._images))

    def _add(
        self, record: ImageRecord, objects: list[int], R_33: NDArray[np.float64], t_3: NDArray[np.float64]
    ) -> None:
        first_object, first_estimate, first_pair = len(self._truth), self._estimates, len(self._pairs)
        self._truth += [(record, place) for place in objects]
        self._R.append(R_33)
        self._t.append(t_3)
        self._estimates += len(R_33)
        self._pairs += [
            (first_object + one, first_estimate + other) for other in range(len(R_33)) for one in range(len(objects))
        ]
        if len(R_33):
            rows = slice(first_object, len(self._truth))
            self._groups.append(ObjectGroup(rows, slice(first_pair, len(self._pairs))))

    def problem(self, *, images: int, covered: int, uncovered: str | None) -> PoseProblem:
        """The columns as arrays."""
        poses = [(record.poses, place) for record, place in self._truth if record.poses is not None]
        pairs_P2 = np.array(self._pairs, np.int64).reshape(-1, 2)
        cameras = [labels.K_4 if labels.K_true_4 is None else labels.K_true_4 for labels, _ in poses]
        class_ids = np.concatenate(self._class_ids)
        return PoseProblem(
            image_G=np.array(self._images, np.int64),
            place_G=np.array([place for _, place in self._truth], np.int64),
            class_G=np.array([record.class_indices[place] for record, place in self._truth], np.int64),
            R_G33=np.array([labels.R_m2c_N33[place] for labels, place in poses], np.float64).reshape(-1, 3, 3),
            t_G3=np.array([labels.t_m2c_N3[place] for labels, place in poses], np.float64).reshape(-1, 3),
            K_G4=np.array(cameras, np.float64).reshape(-1, 4),
            width_G=np.array([record.width for record, _ in self._truth], np.int64),
            R_E33=np.concatenate(self._R),
            t_E3=np.concatenate(self._t),
            object_P=pairs_P2[:, 0],
            estimate_P=pairs_P2[:, 1],
            groups=tuple(self._groups),
            images=images,
            estimates_by_class=np.array([np.count_nonzero(class_ids == one) for one in self._category_ids], np.int64),
            covered=covered,
            uncovered=uncovered,
        )


def _by_falling_score(
    entry: ImagePredictions | None,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Category id, rotation and translation of the detections with a pose."""
    if entry is None or not entry.has_pose.any():
        return np.zeros(0, np.int64), np.zeros((0, 3, 3)), np.zeros((0, 3))
    order = np.argsort(-entry.scores, kind="stable")
    order = order[entry.has_pose[order]]
    return entry.class_ids[order], entry.poses["R"][order], entry.poses["t_xyz"][order]
