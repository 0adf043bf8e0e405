"""How large a set of points is."""

# Shapes: N points.

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

FEW = 512
"""So many points are compared each with each; of more, only the corners of their hull are."""

BLOCK = 1024


OTHER_UNIT = 2.0
"""A length that is off by such a factor is no other way to measure the same: the diagonal of the box around a ball is
1.73 times its diameter."""


def in_other_unit(stated: float, true: float) -> bool:
    """Whether a stated length must be in another unit than the true one."""
    return stated > 0.0 and true > 0.0 and not 1.0 / OTHER_UNIT < true / stated < OTHER_UNIT


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
