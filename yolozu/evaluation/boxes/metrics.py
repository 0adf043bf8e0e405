"""The curves of the COCO protocol, and its numbers: each a mean over a part of them."""

# Shapes: K categories; other axes as in `Curves`.

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from yolozu.contract.sections.evaluate import COCO_METRICS

AREAS = ("all", "small", "medium", "large")
LIMITS = (1, 10, 100)
FIRST_IOU, IOU_STEP = 50, 5


@dataclass(frozen=True)
class Curves:
    """The COCO protocol's tables; -1 where there is no ground truth to measure.

    Axes: 10 IoU thresholds .50 … .95, 101 recall thresholds, K categories by ascending id, 4 areas (all, small, medium,
    large), 3 limits on the detections per image and category (1, 10, 100).

    Attributes:
        precision: (10, 101, K, 4, 3).
        recall: (10, K, 4, 3).
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]


@dataclass(frozen=True)
class Metric:
    """One number.

    Attributes:
        curve: precision (an average precision) or recall (an average recall).
        area: all, small (below 32² px), medium, or large (above 96² px).
        limit: most detections per image and category that count.
        iou_percent: IoU a match needs; None means the mean over 50, 55, …, 95.
    """

    curve: Literal["precision", "recall"]
    area: str = "all"
    limit: int = 100
    iou_percent: int | None = None

    def of(self, curves: Curves, category: int | None = None) -> float | None:
        """The number, over all categories or for one (its place by ascending id); None without ground truth."""
        table = curves.precision if self.curve == "precision" else curves.recall[:, None]
        part = table[:, :, :, AREAS.index(self.area), LIMITS.index(self.limit)]
        if self.iou_percent is not None:
            part = part[[(self.iou_percent - FIRST_IOU) // IOU_STEP]]
        if category is not None:
            part = part[:, :, [category]]
        measured = part[part > -1]
        return float(np.mean(measured)) if measured.size else None


METRICS: dict[str, Metric] = {
    "map50_95": Metric("precision"),
    "map50": Metric("precision", iou_percent=50),
    "map75": Metric("precision", iou_percent=75),
    "map_small": Metric("precision", area="small"),
    "map_medium": Metric("precision", area="medium"),
    "map_large": Metric("precision", area="large"),
    "ar1": Metric("recall", limit=1),
    "ar10": Metric("recall", limit=10),
    "ar100": Metric("recall"),
    "ar_small": Metric("recall", area="small"),
    "ar_medium": Metric("recall", area="medium"),
    "ar_large": Metric("recall", area="large"),
}
"""In the order of pycocotools' ``stats``."""

assert tuple(METRICS) == COCO_METRICS
