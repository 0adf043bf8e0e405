"""The detections of several views, sorted to the objects they show."""

# Shapes: N detections of all views of one image, K objects.

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMALLEST_WEIGHT = 1e-12
"""Scores are raised to this before they weigh: a mean of detections that all have score 0 then exists."""


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
