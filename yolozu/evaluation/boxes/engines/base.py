"""What every engine gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from yolozu.evaluation.boxes.problem import CocoProblem


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


def image_rows(problem: CocoProblem) -> list[dict[str, Any]]:
    """COCO's ``images``."""
    sizes = problem.sizes.tolist()
    return [
        {"id": row + 1, "width": width, "height": height, "file_name": ""} for row, (width, height) in enumerate(sizes)
    ]


def category_rows(problem: CocoProblem) -> list[dict[str, Any]]:
    """COCO's ``categories``."""
    pairs = zip(problem.classes.category_ids, problem.classes.names, strict=True)
    return [{"id": category, "name": name} for category, name in pairs]
