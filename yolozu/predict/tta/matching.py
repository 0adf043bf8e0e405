"""Which detections of several views are one object, and what they say of it together."""

# Shapes: V views, F frames (turns), N detections of all views of one image, K objects.

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from yolozu.predict.tta.unwarp import carried_boxes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from yolozu.data.placement import Placement
    from yolozu.structures.detections import RawDetections

ROWS_AT_ONCE = 128
"""Detections compared with all others at once; bounds the memory, whatever the number of views."""
SMALLEST_WEIGHT = 1e-12
"""Scores are raised to this before they weigh: a mean of detections that all have score 0 then exists."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What one view shows.

    Attributes:
        found: detections, in the frame of the view.
        placement: where the image lies in it.
    """

    found: RawDetections
    placement: Placement

    @property
    def turn(self) -> float:
        """Radians from +x toward +y."""
        return 0.0 if self.placement.turn is None else self.placement.turn.angle


@dataclass(frozen=True, eq=False)
class Members:
    """All detections of all views, view by view.

    Attributes:
        object_N: (N,) number of the object that each shows.
        view_N: (N,) number of the view that shows it.
        scores_N: (N,) its score there.
        boxes_N4: (N, 4) its box in the frame of the network's own view, normalized.
        count: K.
    """

    object_N: NDArray[np.int64]
    view_N: NDArray[np.int64]
    scores_N: NDArray[np.float64]
    boxes_N4: NDArray[np.float64]
    count: int

    def of(self, rows: NDArray[Any]) -> Members:
        """Those that ``rows`` (places, or (N,) bool) names, of as many objects."""
        return Members(self.object_N[rows], self.view_N[rows], self.scores_N[rows], self.boxes_N4[rows], self.count)

    def mean(self, values_N: NDArray[np.float64]) -> NDArray[np.float64]:
        """(K, ...) score-weighted means of (N, ...) values; 0 for objects without members."""
        weights_N = np.maximum(self.scores_N, SMALLEST_WEIGHT)
        weights_K = np.bincount(self.object_N, weights_N, self.count)
        tail = (1,) * (values_N.ndim - 1)
        sums_K = np.zeros((self.count, *values_N.shape[1:]))
        np.add.at(sums_K, self.object_N, values_N * weights_N.reshape(-1, *tail))
        return sums_K / np.maximum(weights_K, SMALLEST_WEIGHT).reshape(-1, *tail)

    def sums(self) -> NDArray[np.float64]:
        """(K,) of the scores."""
        return np.bincount(self.object_N, self.scores_N, self.count).astype(np.float64)

    def best(self) -> NDArray[np.int64]:
        """(K,) place of each object's best-scored member, the first of equal ones; -1 without members."""
        best_K = np.full(self.count, -1)
        worst_first = np.argsort(-self.scores_N, kind="stable")[::-1]
        best_K[self.object_N[worst_first]] = worst_first
        return best_K

    def have_any(self) -> NDArray[np.bool_]:
        """(K,) which objects have members."""
        return np.bincount(self.object_N, minlength=self.count) > 0


def objects_of(views: Sequence[Seen], *, iou: float) -> NDArray[np.int64]:
    """(N,) number of the object that each detection shows; detections count view by view.

    Greedy, best score first: a detection that belongs to no object yet founds one, and takes from every other view the
    detection of its class that overlaps it by at least ``iou`` and has the largest product of overlap and score. So two
    detections of one view are never one object, and a single view's detections stay what they are.

    Whether boxes overlap is asked in the frame of either one, and the larger overlap counts: turned into the other's
    frame, the box of a long object is far from tight, but it is alike in both views when both are looked at turned.

    Args:
        views: what each shows; the first is the network's own.
        iou: overlap from which two detections are one object.
    """
    classes_N = np.concatenate([view.found.class_indices for view in views])
    scores_N = np.concatenate([view.found.scores for view in views])
    view_N = np.repeat(np.arange(len(views)), [len(view.found.scores) for view in views])
    boxes_FN4, frame_V = _in_every_frame(views)
    object_N = np.full(len(scores_N), -1)
    objects = 0
    for class_index in np.unique(classes_N):
        rows = np.flatnonzero(classes_N == class_index)
        rows = rows[np.argsort(-scores_N[rows], kind="stable")]
        overlapping = _Overlapping(_corners(boxes_FN4[:, rows]), frame_V[view_N[rows]], view_N[rows], scores_N[rows])
        object_N[rows] = _grouped(overlapping.partners(iou), view_N[rows]) + objects
        objects = int(object_N.max()) + 1
    return object_N


def _grouped(partners: Sequence[Sequence[int]], view_M: NDArray[np.int64]) -> NDArray[np.int64]:
    """(M,) group of each of M detections of one class, best first, numbered from 0.

    Args:
        partners: of each detection, worse ones of other views that may be the same object, the likeliest first.
        view_M: (M,) number of the view.
    """
    view_of = view_M.tolist()
    group_of = [-1] * len(view_of)
    groups = 0
    for first, likeliest in enumerate(partners):
        if group_of[first] >= 0:
            continue
        group_of[first] = groups
        taken = set()
        for place in likeliest:
            if group_of[place] < 0 and view_of[place] not in taken:
                group_of[place] = groups
                taken.add(view_of[place])
        groups += 1
    return np.array(group_of, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class _Overlapping:
    """M detections of one class, best first.

    Attributes:
        corners_FM4: (F, M, 4) x1, y1, x2, y2 in every frame.
        frame_M: (M,) number of the frame each was found in.
        view_M: (M,) number of the view.
        scores_M: (M,) falling.
    """

    corners_FM4: NDArray[np.float64]
    frame_M: NDArray[np.int64]
    view_M: NDArray[np.int64]
    scores_M: NDArray[np.float64]

    def partners(self, iou: float) -> list[list[int]]:
        """Of each detection, the worse ones of other views that overlap it, the likeliest first."""
        count = len(self.scores_M)
        blocks = [self._pairs(start, min(start + ROWS_AT_ONCE, count), iou) for start in range(0, count, ROWS_AT_ONCE)]
        first_P, second_P, likely_P = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
        order = np.lexsort((second_P, -likely_P, first_P))
        starts = np.searchsorted(first_P[order], np.arange(1, count))
        return [part.tolist() for part in np.split(second_P[order], starts)]

    def _pairs(
        self, start: int, stop: int, iou: float
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Pairs whose first is one of ``start`` to ``stop``: both places, and how likely they are one object."""
        rows, columns = np.arange(start, stop), np.arange(start, len(self.scores_M))
        in_frame_of_first = self.corners_FM4[self.frame_M[rows][:, None], columns]
        overlaps = _overlaps(self.corners_FM4[self.frame_M[rows], rows][:, None], in_frame_of_first)
        if len(self.corners_FM4) > 1:
            in_frame_of_second = self.corners_FM4[self.frame_M[columns], rows[:, None]]
            own = self.corners_FM4[self.frame_M[columns], columns]
            overlaps = np.maximum(overlaps, _overlaps(in_frame_of_second, own))
        other_view = self.view_M[rows][:, None] != self.view_M[columns]
        first_P, second_P = np.nonzero((overlaps >= iou) & other_view & (columns > rows[:, None]))
        likely_P = overlaps[first_P, second_P] * self.scores_M[columns[second_P]]
        return rows[first_P], columns[second_P], likely_P


def _in_every_frame(views: Sequence[Seen]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(F, N, 4) all boxes in the frame of the first view of every turn, and (V,) which frame is each view's own.

    Views that are scaled or mirrored differently share a frame: overlaps are the same in both.
    """
    frames: dict[float, Placement] = {}
    for view in views:
        frames.setdefault(view.turn, view.placement)
    boxes_FN4 = [
        np.concatenate([carried_boxes(view.found.boxes_cxcywh, view.placement, frame) for view in views])
        for frame in frames.values()
    ]
    numbers = {turn: number for number, turn in enumerate(frames)}
    return np.stack(boxes_FN4), np.array([numbers[view.turn] for view in views])


def _corners(boxes_cxcywh: NDArray[np.float64]) -> NDArray[np.float64]:
    center, half = boxes_cxcywh[..., :2], boxes_cxcywh[..., 2:] / 2
    return np.concatenate([center - half, center + half], axis=-1)


def _overlaps(first_4: NDArray[np.float64], second_4: NDArray[np.float64]) -> NDArray[np.float64]:
    """(...) intersection over union of boxes given by their corners; 0 where neither has an area."""
    low, high = np.maximum(first_4[..., :2], second_4[..., :2]), np.minimum(first_4[..., 2:], second_4[..., 2:])
    both = np.clip(high[..., 0] - low[..., 0], 0.0, None) * np.clip(high[..., 1] - low[..., 1], 0.0, None)
    union = _areas(first_4) + _areas(second_4) - both
    return np.asarray(np.divide(both, union, out=np.zeros_like(union), where=union > 0.0))


def _areas(corners_4: NDArray[np.float64]) -> NDArray[np.float64]:
    size_2 = corners_4[..., 2:] - corners_4[..., :2]
    return np.asarray(size_2[..., 0] * size_2[..., 1])
