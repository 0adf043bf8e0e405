"""How far two lists of detections of one image are from saying the same, as one number."""

# Shapes: P pairs.

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from yolozu.export.matching import assign
from yolozu.geometry.rotation_arrays import rotation_angles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from yolozu.structures.detections import RawDetections


def disagreement(reference: RawDetections, other: RawDetections) -> float:
    """The average over the reference's detections, weighted by their scores, of how far their counterparts are off.

    That is 1 for a detection without a counterpart, else the largest of 1 - IoU, the difference of scores, and where
    both have poses the angle between rotations in radians and the difference of the logarithms of depth, at most 1.

    Returns:
        0 (they say the same) to 1 (nothing in common); 0 where the reference has no detections.
    """
    if not len(reference.scores):
        return 0.0
    found = assign(reference, other, bbox_atol=0.0)
    first, second = found.rows, found.columns
    off = np.ones(len(reference.scores))
    parts = [1.0 - found.overlap_NM[first, second], found.score_NM[first, second]]
    if reference.poses is not None and other.poses is not None:
        one, two = reference.poses.of(first), other.poses.of(second)
        parts += [rotation_angles(one.rotations(), two.rotations()), np.abs(one.log_z_N - two.log_z_N)]
    off[first] = np.minimum(1.0, np.max(np.stack(parts), axis=0))
    weights: NDArray[np.float64] = reference.scores
    return float((off * weights).sum() / weights.sum())
