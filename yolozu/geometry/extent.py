"""How large a set of points is."""

# Shapes: N points.

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEW = 512
"""So many points are compared each with each; of more, only the corners of their hull are."""

BLOCK = 1024


def diameter_of(points_N3: NDArray[np.float64]) -> float:
    """The largest distance between two of the points; 0.0 for fewer than two.

    Args:
        points_N3: (N, 3).

    Returns:
        In the unit of the points.
    """
    corners_N3 = hull_corners(points_N3)
    largest = 0.0
    for start in range(0, len(corners_N3), BLOCK):
        between = corners_N3[start : start + BLOCK, None] - corners_N3[None]
        largest = max(largest, float((between * between).sum(-1).max()))
    return math.sqrt(largest)


def hull_corners(points_N3: NDArray[np.float64]) -> NDArray[np.float64]:
    """The points that are corners of the convex hull of all; all of them where they are few or have no hull.

    Args:
        points_N3: (N, 3).

    Returns:
        (H, 3) some of them.
    """
    if len(points_N3) <= FEW:
        return points_N3
    from scipy.spatial import ConvexHull, QhullError

    try:
        found: NDArray[np.float64] = points_N3[ConvexHull(points_N3).vertices]
    except QhullError:
        return points_N3  # all in one plane, line or point: there is no hull
    return found
