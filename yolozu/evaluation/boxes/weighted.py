"""The COCO numbers of data sets in which images come several times or not at all, from matches that are made once."""

# Shapes: I images, C columns (images, and copies of some), G objects, D detections, E events, N segments, K categories,
# A areas, T IoU thresholds, M metrics, R data sets; digits fixed.

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from yolozu.evaluation.boxes.matching import IGNORED, IOUS_T, RIGHT, Matches
from yolozu.evaluation.boxes.metrics import AREAS, FIRST_IOU, IOU_STEP, METRICS, Metric
from yolozu.system import available_cores, released

RECALLS = np.linspace(0.0, 1.0, 101)
AT_ONCE = 128
"""Data sets that are measured together: more need more memory, fewer more time."""


def metrics_of(
    matches: Matches,
    multiplicity_IR: NDArray[np.int32],
    num_categories: int,
    *,
    advance: Callable[[int], None] = lambda _: None,
) -> NDArray[np.float64]:
    """The twelve numbers of every category in R data sets.

    Data set r is the evaluated one with image i ``multiplicity_IR[i, r]`` times, copies one after another. The numbers
    are those that pycocotools gives for it.

    Source: pycocotools' ``COCOeval.accumulate``.

    Args:
        matches: of the evaluated data set.
        multiplicity_IR: (I, R) how often.
        num_categories: K.
        advance: is told how many data sets were measured since it was last called.

    Returns:
        (12, K, R) in the order of `METRICS`, categories by ascending id; NaN for a category without objects.
    """
    parts = [multiplicity_IR[:, first : first + AT_ONCE] for first in range(0, multiplicity_IR.shape[1], AT_ONCE)]
    most = int(multiplicity_IR.max(initial=0))
    order = _Order.of(matches, images=len(multiplicity_IR), most=most, num_categories=num_categories)
    measured = []
    with released(ThreadPoolExecutor(max_workers=available_cores())) as threads:
        for part in parts:
            measured.append(_measure(matches, order, part, num_categories, threads))
            advance(part.shape[1])
    return np.concatenate(measured, axis=2) if measured else np.zeros((len(METRICS), num_categories, 0))


def mean_over_categories(metrics_MKR: NDArray[np.float64]) -> NDArray[np.float64]:
    """(M, R) the numbers of all categories together: means over those that have objects; NaN where none has."""
    known_MKR = ~np.isnan(metrics_MKR)
    sums_MR, counts_MR = np.where(known_MKR, metrics_MKR, 0.0).sum(axis=1), known_MKR.sum(axis=1)
    means_MR = np.full(sums_MR.shape, np.nan)
    np.divide(sums_MR, counts_MR, out=means_MR, where=counts_MR > 0)
    return means_MR


@dataclass(frozen=True, eq=False)
class _Order:
    """The detections of all data sets in COCO's order, each with the column of weights that tells how often it comes.

    A detection comes as often as its image. Where two of one image and category have equal scores, their order decides:
    d1 d2 d1 d2 is not d1 d1 d2 d2. Such detections stand here once for every copy that there may be of the image, and
    each copy of an image has a column of its own.

    Attributes:
        row_E: rows among the matches' detections.
        column_E: columns.
        copied: images that have such columns.
        copies: columns of each.
        edges: (K + 1,) where the categories begin.
    """

    row_E: NDArray[np.int64]
    column_E: NDArray[np.int64]
    copied: NDArray[np.int64]
    copies: int
    edges: list[int]

    @classmethod
    def of(cls, matches: Matches, *, images: int, most: int, num_categories: int) -> _Order:
        """The order for images that come up to ``most`` times."""
        image_D = matches.image_D
        starts_D = np.ones(len(image_D), np.bool_)
        starts_D[1:] = (np.diff(matches.category_D) != 0) | (np.diff(image_D) != 0) | (np.diff(matches.score_D) != 0)
        first_N = np.flatnonzero(starts_D)
        size_N = np.diff(first_N, append=len(image_D))
        right_N = np.add.reduceat((matches.fate_ATD == RIGHT).any(axis=(0, 1)), first_N) if len(first_N) else size_N
        tied_N = (size_N > 1) & (right_N > 0)
        length_N = np.where(tied_N, size_N * most, size_N)
        place_E = np.arange(int(length_N.sum())) - np.repeat(np.cumsum(length_N) - length_N, length_N)
        of_E = np.repeat(np.arange(len(first_N)), length_N)
        row_E = first_N[of_E] + place_E % size_N[of_E]
        copied = np.unique(image_D[first_N[tied_N]])
        copy_E = images + np.searchsorted(copied, image_D[row_E]) * most + place_E // size_N[of_E]
        column_E = np.where(tied_N[of_E], copy_E, image_D[row_E])
        edges = np.searchsorted(matches.category_D[row_E], np.arange(num_categories + 1))
        return cls(row_E, column_E, copied, most, edges.tolist())

    def weights(self, multiplicity_IR: NDArray[np.int32]) -> NDArray[np.int32]:
        """(C, R) how often the detections of each column come."""
        copies_NR = multiplicity_IR[self.copied][:, None] > np.arange(self.copies)[:, None]
        copies_CR = copies_NR.reshape(-1, multiplicity_IR.shape[1])
        return np.concatenate([multiplicity_IR, copies_CR], dtype=np.int32)


def _measure(
    matches: Matches,
    order: _Order,
    multiplicity_IR: NDArray[np.int32],
    num_categories: int,
    threads: ThreadPoolExecutor,
) -> NDArray[np.float64]:
    """(12, K, R) the numbers of some of the data sets."""
    weight_CR = order.weights(multiplicity_IR)
    objects_AKR = np.stack(
        [
            _summed(matches.category_G, matches.image_G, counted_G, multiplicity_IR, num_categories)
            for counted_G in matches.counted_AG
        ]
    )
    precisions = threads.map(
        lambda place: _precisions(matches, order, weight_CR, objects_AKR[:, place], place), range(num_categories)
    )
    empty = np.zeros((len(AREAS), len(IOUS_T), 0, multiplicity_IR.shape[1]))
    precision_ATKR = np.stack([*precisions], axis=2) if num_categories else empty
    rows = [
        _precision(metric, precision_ATKR)
        if metric.curve == "precision"
        else _recall(metric, matches, multiplicity_IR, objects_AKR)
        for metric in METRICS.values()
    ]
    areas = [AREAS.index(metric.area) for metric in METRICS.values()]
    metrics_MKR: NDArray[np.float64] = np.where(objects_AKR[areas] > 0, np.stack(rows), np.nan)
    return metrics_MKR


def _precision(metric: Metric, precision_ATKR: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K, R) precision at one threshold, or its mean over them."""
    precision_TKR = precision_ATKR[AREAS.index(metric.area)]
    if metric.iou_percent is not None:
        precision_TKR = precision_TKR[[(metric.iou_percent - FIRST_IOU) // IOU_STEP]]
    mean_KR: NDArray[np.float64] = precision_TKR.mean(axis=0)
    return mean_KR


def _recall(
    metric: Metric, matches: Matches, multiplicity_IR: NDArray[np.int32], objects_AKR: NDArray[np.int32]
) -> NDArray[np.float64]:
    """(K, R) recall at the end of the curve, mean over the IoU thresholds."""
    area = AREAS.index(metric.area)
    right_D = (matches.fate_ATD[area] == RIGHT).sum(axis=0, dtype=np.int32) * (matches.rank_D < metric.limit)
    found_KR = _summed(matches.category_D, matches.image_D, right_D, multiplicity_IR, objects_AKR.shape[1])
    recall_KR: NDArray[np.float64] = found_KR / len(IOUS_T) / np.maximum(objects_AKR[area], 1)
    return recall_KR


def _summed(
    row_N: NDArray[np.int64],
    column_N: NDArray[np.int64],
    count_N: NDArray[np.int32] | NDArray[np.bool_],
    weight_CR: NDArray[np.int32],
    rows: int,
) -> NDArray[np.int32]:
    """(rows, R) for each row, the sum of ``count_N * weight_CR[column_N]`` over the N that name it."""
    table = csr_array((count_N.astype(np.int32), (row_N, column_N)), shape=(rows, len(weight_CR)))
    summed: NDArray[np.int32] = table @ weight_CR
    return summed


def _precisions(
    matches: Matches, order: _Order, weight_CR: NDArray[np.int32], objects_AR: NDArray[np.int32], place: int
) -> NDArray[np.float64]:
    """(4, 10, R) average precision of a category at each threshold and in each range of areas."""
    rows = slice(order.edges[place], order.edges[place + 1])
    fate_ATE, column_E = matches.fate_ATD[:, :, order.row_E[rows]], order.column_E[rows]
    return np.stack(
        [
            _area_precisions(fate_TE, column_E, weight_CR, objects_R)
            for fate_TE, objects_R in zip(fate_ATE, objects_AR, strict=True)
        ]
    )


def _area_precisions(
    fate_TE: NDArray[np.uint8],
    column_E: NDArray[np.int64],
    weight_CR: NDArray[np.int32],
    objects_R: NDArray[np.int32],
) -> NDArray[np.float64]:
    """(10, R) average precision at each threshold.

    Precision only matters where an object is found, and most detections find none at any threshold: they are summed
    between one event and the next, where an event is a detection that is right or ignored at some threshold.
    """
    right_TE, counted_TE = fate_TE == RIGHT, fate_TE != IGNORED
    always_E = counted_TE.all(axis=0)
    is_event_E = right_TE.any(axis=0) | (counted_TE.any(axis=0) & ~always_E)
    events = np.flatnonzero(is_event_E)
    plain = np.flatnonzero(always_E & ~is_event_E)
    plain = plain[: np.searchsorted(plain, events[-1])] if len(events) else plain[:0]
    ones = np.ones(len(plain), np.int32)
    between_NR = _summed(np.searchsorted(events, plain), column_E[plain], ones, weight_CR, len(events))
    weight_NR = weight_CR[column_E[events]]
    total_NR = np.cumsum(between_NR + weight_NR, axis=0, dtype=np.int32)
    reached = _thresholds_reached(objects_R)
    return np.stack(
        [
            _average(right_TE[place, events], counted_TE[place, events], weight_NR, total_NR, reached)
            for place in range(len(fate_TE))
        ]
    )


def _average(
    right_N: NDArray[np.bool_],
    counted_N: NDArray[np.bool_],
    weight_NR: NDArray[np.int32],
    total_NR: NDArray[np.int32],
    reached: NDArray[np.int32],
) -> NDArray[np.float64]:
    """(R,) mean over 101 recalls of the largest precision at that recall or a higher one.

    Args:
        right_N: which events find an object here.
        counted_N: which are not ignored.
        weight_NR: how often each comes.
        total_NR: counted detections up to each, were no event ignored.
        reached: of `_thresholds_reached`.
    """
    rights, ignored = np.flatnonzero(right_N), np.flatnonzero(~counted_N)
    found_NR = np.cumsum(weight_NR[rights], axis=0, dtype=np.int32)
    counted_NR = total_NR[rights]
    if len(ignored):
        left_out = np.cumsum(weight_NR[ignored], axis=0, dtype=np.int32)
        behind = np.searchsorted(ignored, rights)
        after = np.flatnonzero(behind)
        counted_NR[after] -= left_out[behind[after] - 1]
    precision_NR = found_NR / (counted_NR + np.spacing(1.0))
    highest_NR = np.maximum.accumulate(precision_NR[::-1], axis=0)[::-1]
    reached_NR = np.take(reached, found_NR * reached.shape[1] + np.arange(reached.shape[1], dtype=np.int32))
    steps_NR = np.diff(reached_NR, axis=0, prepend=0)
    mean_R: NDArray[np.float64] = np.einsum("nr,nr->r", highest_NR, steps_NR) / len(RECALLS)
    return mean_R


def _thresholds_reached(objects_R: NDArray[np.int32]) -> NDArray[np.int32]:
    """(F, R) how many of the 101 recalls are reached when 0, 1, … objects are found."""
    recall_FR = np.arange(objects_R.max(initial=0) + 1)[:, None] / np.maximum(objects_R, 1)
    return np.searchsorted(RECALLS, recall_FR, side="right").astype(np.int32)
