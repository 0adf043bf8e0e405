"""Slices of a data set: which objects are measured, and which detections belong to them.

The objects outside a slice are ignored as COCO ignores objects of other sizes: a detection that is matched to one
counts neither as found nor as false.
"""

# Shapes: I images, G ground-truth objects, D detections.

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.contract.sections.scenario_setting import SliceConfig
    from yolozu.evaluation.boxes.problem import CocoProblem
    from yolozu.structures.classes import ClassTable

BORDER_PX = 1.0
"""A box that comes so near to its image's border touches it."""
LOWEST_IOU = 0.5
"""Least overlap that any measure here takes for a match."""
AREA_RANGES_PX = {"small": (0.0, 32.0**2), "medium": (32.0**2, 96.0**2), "large": (96.0**2, 1e10)}
"""COCO's, both ends included."""
BEYOND_ALL_AREAS_PX = 1e11
"""An area outside COCO's range "all", which ends at 1e10: the protocol ignores such an object, in every range."""


@dataclass(frozen=True, eq=False)
class Sliced:
    """A slice of a problem.

    Attributes:
        problem: what an engine evaluates: objects outside the slice have an area that makes it ignore them.
        area: which of COCO's ranges of area is evaluated.
        counted_G: (G,) objects of the whole problem that are in the slice; crowd regions are in none.
        own_D: (D,) detections of the whole problem that would be in the slice if they were objects.
        images: how many there are to look at.
    """

    problem: CocoProblem
    area: Literal["all", "small", "medium", "large"]
    counted_G: NDArray[np.bool_]
    own_D: NDArray[np.bool_]
    images: int


def everything(problem: CocoProblem) -> Sliced:
    """All objects and detections."""
    own_D = np.ones(len(problem.found_images), np.bool_)
    return Sliced(problem, "all", ~problem.truth_crowd, own_D, len(problem.sizes))


def sliced(problem: CocoProblem, conditions: SliceConfig, models: ObjectModels) -> Sliced:
    """The part of ``problem`` that meets all ``conditions``.

    - ``area`` is COCO's measure for that range, to the letter: unmatched detections of other sizes do not count either.
    - ``min_objects`` leaves out whole images.
    - ``truncated`` leaves out, besides, every detection that is on the other side of the condition itself and overlaps
      no object of the slice and its class by an IoU of 0.5: it can find none, and is no false alarm about one.
    - ``symmetric`` and ``classes`` choose classes; means are over those.

    Args:
        problem: ground truth and detections.
        conditions: of the slice.
        models: by network class index; they tell which classes have symmetries.
    """
    counted_G, own_D, images_I = _chosen(problem, conditions, models)
    kept_D = images_I[problem.found_images - 1]
    if conditions.truncated is not None:
        kept_D &= own_D | _may_find(problem, counted_G, kept_D & ~own_D)
    left = replace(
        problem,
        truth_areas_px=np.where(counted_G | problem.truth_crowd, problem.truth_areas_px, BEYOND_ALL_AREAS_PX),
        found_images=problem.found_images[kept_D],
        found_categories=problem.found_categories[kept_D],
        found_boxes_xywh_px=problem.found_boxes_xywh_px[kept_D],
        found_scores=problem.found_scores[kept_D],
    )
    area = "all" if conditions.area is None else conditions.area
    return Sliced(left, area, counted_G, own_D, int(images_I.sum()))


def touches_border(boxes_xywh_px: NDArray[np.float64], sizes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(N,) whether a box reaches to within a pixel of the border of its image, or beyond.

    Args:
        boxes_xywh_px: (N, 4) left, top, width, height.
        sizes: (N, 2) width and height of each box's image, px.
    """
    near_N2 = boxes_xywh_px[:, :2] <= BORDER_PX
    far_N2 = boxes_xywh_px[:, :2] + boxes_xywh_px[:, 2:] >= sizes - BORDER_PX
    touching_N: NDArray[np.bool_] = np.any(near_N2 | far_N2, axis=1)
    return touching_N


def _chosen(
    problem: CocoProblem, conditions: SliceConfig, models: ObjectModels
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Which objects, detections and images meet the conditions: (G,), (D,) and (I,)."""
    images_I = _images(problem, conditions.min_objects)
    categories = _categories(problem.classes, conditions, models)
    counted_G = images_I[problem.truth_images - 1] & np.isin(problem.truth_categories, categories)
    counted_G &= ~problem.truth_crowd
    own_D = images_I[problem.found_images - 1] & np.isin(problem.found_categories, categories)
    if conditions.area is not None:
        low, high = AREA_RANGES_PX[conditions.area]
        areas_D = problem.found_boxes_xywh_px[:, 2:].prod(axis=1)
        counted_G &= (low <= problem.truth_areas_px) & (problem.truth_areas_px <= high)
        own_D &= (low <= areas_D) & (areas_D <= high)
    if conditions.truncated is not None:
        truth_sizes, found_sizes = (problem.sizes[ids - 1] for ids in (problem.truth_images, problem.found_images))
        counted_G &= np.equal(touches_border(problem.truth_boxes_xywh_px, truth_sizes), conditions.truncated)
        own_D &= np.equal(touches_border(problem.found_boxes_xywh_px, found_sizes), conditions.truncated)
    return counted_G, own_D, images_I


def _images(problem: CocoProblem, least: int | None) -> NDArray[np.bool_]:
    """(I,) images with at least so many objects."""
    counts_I = np.bincount(problem.truth_images[~problem.truth_crowd] - 1, minlength=len(problem.sizes))
    images_I: NDArray[np.bool_] = counts_I >= (0 if least is None else least)
    return images_I


def _categories(classes: ClassTable, conditions: SliceConfig, models: ObjectModels) -> list[int]:
    """Ids of the classes that the conditions leave."""
    chosen = []
    for place, (category, name) in enumerate(zip(classes.category_ids, classes.names, strict=True)):
        model = models.by_class.get(place)
        symmetric = None if model is None else not model.symmetries.trivial
        if conditions.classes is not None and name not in conditions.classes:
            continue
        if conditions.symmetric is None or symmetric is conditions.symmetric:
            chosen.append(category)
    return chosen


def _may_find(problem: CocoProblem, counted_G: NDArray[np.bool_], asked_D: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(D,) which of the detections asked about overlap an object that counts, of their class and image, by half."""
    objects: dict[tuple[int, int], list[int]] = {}
    for row in np.flatnonzero(counted_G).tolist():
        key = (int(problem.truth_images[row]), int(problem.truth_categories[row]))
        objects.setdefault(key, []).append(row)
    found_D = np.zeros(len(asked_D), np.bool_)
    for row in np.flatnonzero(asked_D).tolist():
        rows = objects.get((int(problem.found_images[row]), int(problem.found_categories[row])))
        if rows is not None:
            overlaps = _ious(problem.found_boxes_xywh_px[row], problem.truth_boxes_xywh_px[rows])
            found_D[row] = bool((overlaps >= LOWEST_IOU).any())
    return found_D


def _ious(box_4: NDArray[np.float64], boxes_N4: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) intersection over union of boxes (left, top, width, height)."""
    corner_2, corners_N2 = box_4[:2] + box_4[2:], boxes_N4[:, :2] + boxes_N4[:, 2:]
    sides_N2 = np.minimum(corner_2, corners_N2) - np.maximum(box_4[:2], boxes_N4[:, :2])
    shared_N = np.clip(sides_N2, 0.0, None).prod(axis=1)
    union_N = box_4[2:].prod() + boxes_N4[:, 2:].prod(axis=1) - shared_N
    ious_N: NDArray[np.float64] = np.divide(shared_N, union_N, out=np.zeros_like(shared_N), where=union_N > 0.0)
    return ious_N
