"""Which detection finds which object, by the COCO protocol: at every IoU, in every range of areas, for all images."""

# Shapes: I images, G ground-truth objects, D detections, A areas, T IoU thresholds, P pairs; digits fixed.

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from yolozu.evaluation.boxes.metrics import LIMITS
from yolozu.evaluation.boxes.problem import CocoProblem

IOUS_T = np.linspace(0.5, 0.95, 10)
LARGEST_IOU = 1.0 - 1e-10
"""Least overlap that always counts as a match, whatever the threshold: pycocotools' bound."""
AREA_RANGES_PX = ((0.0, 1e10), (0.0, 32.0**2), (32.0**2, 96.0**2), (96.0**2, 1e10))
"""Of all, small, medium and large; both ends included."""
MOST_PER_IMAGE = max(LIMITS)
PAIRS_AT_ONCE = 1 << 20
"""Bounds memory, not results."""

WRONG, RIGHT, IGNORED = 0, 1, 2
"""Fates of a detection: a false alarm, an object found, or neither (an object or region that does not count, or a box
of another size that found nothing)."""


@dataclass(frozen=True, eq=False)
class Matches:
    """The detections that count in COCO's order: by category, falling score, image, place in the image.

    Attributes:
        row_D: (D,) row of the detection in the problem; of each image and category, the best 100 are here.
        category_D: (D,) place of its category by ascending id.
        image_D: (D,) place of its image, from 0.
        rank_D: (D,) place among the detections of its image and category, the best is 0.
        score_D: (D,) score.
        fate_ATD: (4, 10, D) uint8 `WRONG`, `RIGHT` or `IGNORED`, by range of areas and IoU threshold.
        category_G: (G,) place of the object's category by ascending id, in the order of the problem.
        image_G: (G,) place of its image, from 0.
        counted_AG: (4, G) whether the object counts: no crowd region, and in the range.
    """

    row_D: NDArray[np.int64]
    category_D: NDArray[np.int64]
    image_D: NDArray[np.int64]
    rank_D: NDArray[np.int64]
    score_D: NDArray[np.float64]
    fate_ATD: NDArray[np.uint8]
    category_G: NDArray[np.int64]
    image_G: NDArray[np.int64]
    counted_AG: NDArray[np.bool_]


def matches_of(problem: CocoProblem) -> Matches:
    """Match detections with objects.

    In each image and category, by falling score, a detection takes the object with which it overlaps most among those
    that are free and reach the threshold, one that counts before one that does not; of equals the last. Crowd regions
    are never taken up.

    Source: Lin et al., Microsoft COCO, 2014, and pycocotools' ``COCOeval.evaluateImg``.
    """
    ids = np.sort(np.array(problem.classes.category_ids, np.int64))
    category_D = np.searchsorted(ids, problem.found_categories)
    category_G = np.searchsorted(ids, problem.truth_categories)
    rows_D, rank_D = _kept(problem, category_D)
    counted_AG = _within(problem.truth_areas_px) & ~problem.truth_crowd
    found_areas = problem.found_boxes_xywh_px[rows_D, 2] * problem.found_boxes_xywh_px[rows_D, 3]
    fate_ATD = np.repeat(np.where(_within(found_areas), WRONG, IGNORED).astype(np.uint8)[:, None], len(IOUS_T), 1)
    group_D = (problem.found_images[rows_D] - 1) * len(ids) + category_D[rows_D]
    group_G = (problem.truth_images - 1) * len(ids) + category_G
    _match(_overlaps(problem, rows_D, group_D, group_G), problem.truth_crowd, counted_AG, fate_ATD)
    scores_D = problem.found_scores[rows_D]
    order_D = np.lexsort((rows_D, problem.found_images[rows_D], -scores_D, category_D[rows_D]))
    return Matches(
        row_D=rows_D[order_D],
        category_D=category_D[rows_D][order_D],
        image_D=problem.found_images[rows_D][order_D] - 1,
        rank_D=rank_D[order_D],
        score_D=scores_D[order_D],
        fate_ATD=fate_ATD[:, :, order_D],
        category_G=category_G,
        image_G=problem.truth_images - 1,
        counted_AG=counted_AG,
    )


def _kept(problem: CocoProblem, category_D: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of the best 100 of each image and category, by image, category and falling score; and their ranks."""
    rows = np.arange(len(category_D))
    order = np.lexsort((rows, -problem.found_scores, category_D, problem.found_images))
    images, categories = problem.found_images[order], category_D[order]
    starts = np.ones(len(order), np.bool_)
    starts[1:] = (images[1:] != images[:-1]) | (categories[1:] != categories[:-1])
    ranks = rows - np.maximum.accumulate(np.where(starts, rows, 0)) if len(rows) else rows
    kept = ranks < MOST_PER_IMAGE
    return order[kept], ranks[kept]


def _within(areas_px: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(4, N) whether an area is in each of the ranges."""
    return np.stack([(low <= areas_px) & (areas_px <= high) for low, high in AREA_RANGES_PX])


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Detections and objects of one image and category that overlap enough, by detection, then object.

    Attributes:
        found_P: (P,) place of the detection.
        object_P: (P,) row of the object.
        iou_P: (P,) overlap.
        turn_P: (P,) how many detections of the same image and category with a pair come before this one.
    """

    found_P: NDArray[np.int64]
    object_P: NDArray[np.int64]
    iou_P: NDArray[np.float64]
    turn_P: NDArray[np.int64]


def _overlaps(
    problem: CocoProblem, rows_D: NDArray[np.int64], group_D: NDArray[np.int64], group_G: NDArray[np.int64]
) -> _Pairs:
    """The pairs that reach the least threshold.

    Args:
        problem: the boxes.
        rows_D: rows of the detections, in the order of their groups, then turns.
        group_D: (D,) rising; detections and objects of one group may be matched.
        group_G: (G,) in any order.
    """
    order_G = np.argsort(group_G, kind="stable")
    sorted_G = group_G[order_G]
    first_D = np.searchsorted(sorted_G, group_D, side="left")
    count_D = np.searchsorted(sorted_G, group_D, side="right") - first_D
    found, objects, ious = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0)]
    for part in _parts(count_D):
        found_P = np.repeat(np.arange(part.start, part.stop), count_D[part])
        within_P = np.arange(len(found_P)) - np.repeat(np.cumsum(count_D[part]) - count_D[part], count_D[part])
        object_P = order_G[first_D[found_P] + within_P]
        iou_P = _ious(
            problem.found_boxes_xywh_px[rows_D[found_P]],
            problem.truth_boxes_xywh_px[object_P],
            problem.truth_crowd[object_P],
        )
        near = iou_P >= IOUS_T[0]
        found.append(found_P[near])
        objects.append(object_P[near])
        ious.append(iou_P[near])
    found_P = np.concatenate(found)
    return _Pairs(found_P, np.concatenate(objects), np.concatenate(ious), _turns(found_P, group_D[found_P]))


def _parts(count_D: NDArray[np.int64]) -> Iterator[slice]:
    """Detections whose pairs are looked at together."""
    before_D = np.cumsum(count_D) - count_D
    number_D = before_D // PAIRS_AT_ONCE
    cuts = np.flatnonzero(np.diff(number_D)) + 1
    return (slice(first, last) for first, last in pairwise([0, *cuts.tolist(), len(count_D)]))


def _turns(found_P: NDArray[np.int64], group_P: NDArray[np.int64]) -> NDArray[np.int64]:
    if not len(found_P):
        return np.zeros(0, np.int64)
    number_P = np.cumsum(np.diff(found_P, prepend=found_P[0]) != 0)
    first_P = np.searchsorted(group_P, group_P, side="left")
    turn_P: NDArray[np.int64] = number_P - number_P[first_P]
    return turn_P


def _ious(
    found_P4: NDArray[np.float64], truth_P4: NDArray[np.float64], crowd_P: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(P,) overlap; with a crowd region, the part of the detection that lies in it. The order of pycocotools' C code.

    Args:
        found_P4: (P, 4) left, top, width, height, px.
        truth_P4: (P, 4) likewise.
        crowd_P: (P,) whether the truth is a crowd region.
    """
    sides_P2 = np.minimum(found_P4[:, 2:] + found_P4[:, :2], truth_P4[:, 2:] + truth_P4[:, :2])
    sides_P2 -= np.maximum(found_P4[:, :2], truth_P4[:, :2])
    shared_P = sides_P2[:, 0] * sides_P2[:, 1]
    found_P, truth_P = found_P4[:, 2] * found_P4[:, 3], truth_P4[:, 2] * truth_P4[:, 3]
    whole_P = np.where(crowd_P, found_P, found_P + truth_P - shared_P)
    ious_P = np.zeros(len(crowd_P))
    np.divide(shared_P, whole_P, out=ious_P, where=(sides_P2 > 0.0).all(axis=1))
    return ious_P


def _match(
    pairs: _Pairs, crowd_G: NDArray[np.bool_], counted_AG: NDArray[np.bool_], fate_ATD: NDArray[np.uint8]
) -> None:
    """Write the fates of the detections that have a match.

    All images and categories take their turns at the same time: the first detection of each, then the second, ….
    """
    limit_T = np.minimum(IOUS_T, LARGEST_IOU)
    taken_ATG = np.zeros((len(counted_AG), len(limit_T), len(crowd_G)), np.bool_)
    order_P = np.argsort(pairs.turn_P, kind="stable")
    turns = pairs.turn_P[order_P]
    edges = [0, *(np.flatnonzero(np.diff(turns)) + 1).tolist(), len(turns)]
    for first, last in pairwise(edges if len(turns) else []):
        rows_P = order_P[first:last]
        found_P, object_P, iou_P = pairs.found_P[rows_P], pairs.object_P[rows_P], pairs.iou_P[rows_P]
        starts = np.flatnonzero(np.diff(found_P, prepend=-1))
        possible_ATP = (~taken_ATG[:, :, object_P] | crowd_G[object_P]) & (iou_P >= limit_T[:, None])
        counted_AP = counted_AG[:, object_P]
        best_ATN = _best(possible_ATP & counted_AP[:, None], iou_P, starts)
        others_ATN = _best(possible_ATP & ~counted_AP[:, None], iou_P, starts)
        chosen_ATN = np.where(best_ATN >= 0, best_ATN, others_ATN)
        areas, thresholds, detections = np.nonzero(chosen_ATN >= 0)
        chosen = chosen_ATN[areas, thresholds, detections]
        taken_ATG[areas, thresholds, object_P[chosen]] = True
        fates = np.where(counted_AP[areas, chosen], RIGHT, IGNORED)
        fate_ATD[areas, thresholds, found_P[chosen]] = fates


def _best(possible_ATP: NDArray[np.bool_], iou_P: NDArray[np.float64], starts: NDArray[np.intp]) -> NDArray[np.int64]:
    """(A, T, N) the pair of each detection with the largest overlap, of equals the last; -1 where none is possible.

    Args:
        possible_ATP: (A, T, P) which pairs may match.
        iou_P: (P,) overlaps.
        starts: (N,) first pair of each detection.
    """
    iou_ATP = np.where(possible_ATP, iou_P, -1.0)
    most_ATN = np.maximum.reduceat(iou_ATP, starts, axis=2)
    of_P = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(iou_P)))
    equal_ATP = possible_ATP & (iou_ATP == most_ATN[:, :, of_P])
    return np.maximum.reduceat(np.where(equal_ATP, np.arange(len(iou_P)), -1), starts, axis=2)
