"""Whether a detector still finds an object, and whether it still knows what it is: two ways to forget, told apart."""

# Shapes: N objects, D detections.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yolozu.structures.image_record import ImageRecord
from yolozu.structures.predictions import ImagePredictions

LOCALIZED_IOU = 0.5
"""Overlap from which an object is found."""

SURE_SCORE = 0.25
"""Least score of a detection that counts as an answer."""


@dataclass(frozen=True)
class Found:
    """What became of some objects.

    Attributes:
        objects: how many there are; crowd regions are none.
        localized: those that a sure detection of any class overlaps by `LOCALIZED_IOU` or more.
        recognized: those of these whose largest overlap is with a detection of their own class; of detections that
            overlap them equally, the surest counts.
    """

    objects: int
    localized: int
    recognized: int

    @property
    def localization(self) -> float | None:
        """Share of the objects that are localized: recall without regard to classes."""
        return self.localized / self.objects if self.objects else None

    @property
    def recognition(self) -> float | None:
        """Share of the localized objects that are recognized; None where none is localized."""
        return self.recognized / self.localized if self.localized else None


def found_by_class(
    pairs: Sequence[tuple[ImageRecord, ImagePredictions | None]], category_ids: Sequence[int]
) -> list[Found]:
    """What became of the objects of every class.

    Args:
        pairs: images and what was predicted in them; None where nothing was.
        category_ids: by network class index.

    Returns:
        By network class index.
    """
    ids_C = np.array(category_ids, np.int64)
    counts_3C = np.zeros((3, len(ids_C)), np.int64)
    for record, found in pairs:
        object_N = ~record.is_crowd
        localized_N, class_ids_N = _answers(record.boxes_cxcywh[object_N], found)
        class_N = record.class_indices[object_N]
        recognized_N = localized_N & (class_ids_N == ids_C[class_N])
        for row, counted_N in enumerate((np.ones_like(localized_N), localized_N, recognized_N)):
            counts_3C[row] += np.bincount(class_N[counted_N], minlength=len(ids_C))
    return [Found(*counts) for counts in counts_3C.T.tolist()]


def all_of(classes: Sequence[Found]) -> Found:
    """The objects of all classes together."""
    return Found(
        sum(found.objects for found in classes),
        sum(found.localized for found in classes),
        sum(found.recognized for found in classes),
    )


def _answers(
    boxes_N4: NDArray[np.float64], found: ImagePredictions | None
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """(N,) whether an object is localized, and the category id of the detection that overlaps it most."""
    none = np.zeros(len(boxes_N4), np.bool_), np.zeros(len(boxes_N4), np.int64)
    if found is None:
        return none
    order_D = np.argsort(-found.scores, kind="stable")
    order_D = order_D[found.scores[order_D] >= SURE_SCORE]
    if not len(order_D) or not len(boxes_N4):
        return none
    ious_ND = _ious(boxes_N4, found.boxes_cxcywh[order_D])
    best_N = ious_ND.argmax(axis=1)  # of equals the first, which is the surest
    return ious_ND.max(axis=1) >= LOCALIZED_IOU, found.class_ids[order_D][best_N]


def _ious(first_N4: NDArray[np.float64], second_D4: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, D) overlaps of boxes given as center and size, whatever the unit of each axis."""
    halves_N2, halves_D2 = first_N4[:, 2:] / 2, second_D4[:, 2:] / 2
    low_ND2 = np.maximum((first_N4[:, :2] - halves_N2)[:, None], second_D4[:, :2] - halves_D2)
    high_ND2 = np.minimum((first_N4[:, :2] + halves_N2)[:, None], second_D4[:, :2] + halves_D2)
    shared_ND = (high_ND2 - low_ND2).clip(0.0).prod(axis=2)
    whole_ND = first_N4[:, 2:].prod(axis=1)[:, None] + second_D4[:, 2:].prod(axis=1) - shared_ND
    ious_ND = np.zeros(shared_ND.shape)
    np.divide(shared_ND, whole_ND, out=ious_ND, where=whole_ND > 0.0)
    return ious_ND
