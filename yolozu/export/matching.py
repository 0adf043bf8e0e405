"""Which detection of one list is which of another."""

# Shapes: N detections of the first list, M of the second.

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from yolozu.geometry.boxes import cxcywh_to_xyxy, iou
from yolozu.structures.detections import RawDetections

SAME_OBJECT_IOU = 0.5
"""Detections that overlap less are not of one object, whatever their scores."""


@dataclass(frozen=True)
class DetectionMatch:
    """How two lists of detections of one image correspond.

    Attributes:
        ious: overlap of each pair.
        score_differences: absolute score difference of each pair.
        unmatched: detections of either list without a counterpart.
        tied: detections of either list without a counterpart that were kept or cut by a tie of scores.
        label_flips: unmatched detections of the first list that lie on one of the second with another label.
        pairs_P2: places in the first and in the second list of each pair.
    """

    ious: NDArray[np.float64]
    score_differences: NDArray[np.float64]
    unmatched: int
    tied: int
    label_flips: int
    pairs_P2: NDArray[np.intp]


def match_detections(
    first: RawDetections, second: RawDetections, *, bbox_atol: float, score_atol: float
) -> DetectionMatch:
    """Pair detections of one label so that overlaps are largest and score differences smallest in sum.

    Both lists are the best so many of more candidates. Where candidates tie for the last places, which of them a list
    holds is arbitrary: a detection within ``score_atol`` of its list's last score may lack its counterpart, or only
    have one that is out of tolerance, and then counts as tied.

    Args:
        first: reference detections, boxes in any frame normalized to it.
        second: detections to pair with them, same frame.
        bbox_atol: boxes this close in every coordinate are the same box, also when too small for a telling overlap.
        score_atol: scores this close tie.
    """
    found = assign(first, second, bbox_atol=bbox_atol)
    overlap_NM, score_NM, rows, columns = found.overlap_NM, found.score_NM, found.rows, found.columns
    same_label_NM = first.class_indices[:, None] == second.class_indices[None, :]
    last_first, last_second = _marginal(first.scores, score_atol), _marginal(second.scores, score_atol)
    close = _largest_difference(first.boxes_cxcywh[rows], second.boxes_cxcywh[columns]) <= bbox_atol
    close &= score_NM[rows, columns] <= score_atol
    kept = close | ~(last_first[rows] & last_second[columns])
    rows, columns = rows[kept], columns[kept]

    alone_first, alone_second = _without(len(first.scores), rows), _without(len(second.scores), columns)
    lost_first, lost_second = alone_first & ~last_first, alone_second & ~last_second
    elsewhere_NM = overlap_NM * lost_first[:, None] * alone_second[None, :] * ~same_label_NM
    return DetectionMatch(
        ious=overlap_NM[rows, columns],
        score_differences=score_NM[rows, columns],
        unmatched=int(lost_first.sum() + lost_second.sum()),
        tied=int((alone_first & last_first).sum() + (alone_second & last_second).sum()),
        label_flips=int((elsewhere_NM >= SAME_OBJECT_IOU).any(axis=1).sum()) if elsewhere_NM.size else 0,
        pairs_P2=np.stack([rows, columns], axis=1),
    )


@dataclass(frozen=True)
class Assignment:
    """The best pairs of two lists, ties and tolerances aside.

    Attributes:
        overlap_NM: IoU of every detection with every other.
        score_NM: absolute difference of their scores.
        rows: places in the first list of each pair.
        columns: places in the second list, likewise.
    """

    overlap_NM: NDArray[np.float64]
    score_NM: NDArray[np.float64]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]


def assign(first: RawDetections, second: RawDetections, *, bbox_atol: float) -> Assignment:
    """Pair detections of one label so that overlaps are largest and score differences smallest in sum.

    Args:
        first: detections, boxes in any frame normalized to it.
        second: detections to pair with them, same frame.
        bbox_atol: boxes this close in every coordinate are the same box, also when too small for a telling overlap.
    """
    overlap_NM = _overlap(first.boxes_cxcywh, second.boxes_cxcywh, bbox_atol)
    same_label_NM = first.class_indices[:, None] == second.class_indices[None, :]
    score_NM = np.abs(first.scores[:, None] - second.scores[None, :])
    return Assignment(overlap_NM, score_NM, *_assign(overlap_NM, score_NM, same_label_NM))


def _overlap(first_N4: NDArray[np.float64], second_M4: NDArray[np.float64], bbox_atol: float) -> NDArray[np.float64]:
    """(N, M) IoU; 1 where boxes agree within ``bbox_atol`` but are too small to show it by their overlap."""
    first = cxcywh_to_xyxy(torch.from_numpy(np.asarray(first_N4, dtype=np.float64)))
    second = cxcywh_to_xyxy(torch.from_numpy(np.asarray(second_M4, dtype=np.float64)))
    overlap_NM: NDArray[np.float64] = iou(first[:, None], second[None, :]).numpy()
    same_NM = _largest_difference(first_N4[:, None], second_M4[None, :]) <= bbox_atol
    return np.where(same_NM & (overlap_NM < SAME_OBJECT_IOU), 1.0, overlap_NM)


def _largest_difference(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    largest: NDArray[np.float64] = np.abs(first - second).max(axis=-1)
    return largest


def _assign(
    overlap_NM: NDArray[np.float64], score_NM: NDArray[np.float64], allowed_NM: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the best pairs among the allowed ones that may be of one object."""
    possible_NM = allowed_NM & (overlap_NM >= SAME_OBJECT_IOU)
    forbidden = 4.0  # more than any allowed pair costs and than leaving two pairs apart saves
    cost_NM = np.where(possible_NM, (1.0 - overlap_NM) + score_NM, forbidden)
    rows, columns = linear_sum_assignment(cost_NM)
    chosen = possible_NM[rows, columns]
    return rows[chosen], columns[chosen]


def _marginal(scores_N: NDArray[np.float64], score_atol: float) -> NDArray[np.bool_]:
    """(N,) True where the score ties with the last one of the list."""
    marginal: NDArray[np.bool_] = scores_N <= scores_N.min(initial=np.inf) + score_atol
    return marginal


def _without(count: int, taken: NDArray[np.intp]) -> NDArray[np.bool_]:
    """(count,) True for the places that ``taken`` does not name."""
    alone = np.ones(count, dtype=np.bool_)
    alone[taken] = False
    return alone
