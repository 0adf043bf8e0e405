"""Rotations as NumPy arrays, for what runs without torch: predictions, parity, evaluation.

Matrices act on column vectors from the left, ``X_camera = R_m2c @ X_model``; angles in radians.
"""

# Shapes: "..." any leading dimensions, which broadcast.

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from yolozu.geometry.pose import gram_schmidt


def rotations_of(rot6d_6: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rotations whose first two columns are nearest to six numbers (see `gram_schmidt`).

    Args:
        rot6d_6: (..., 6) first column, then second, of any length.

    Returns:
        (..., 3, 3); no rotations where a column is 0 or the two are parallel.
    """
    return np.stack(gram_schmidt(rot6d_6[..., :3], rot6d_6[..., 3:]), axis=-1)


def rotation_angles(first_33: NDArray[np.float64], second_33: NDArray[np.float64]) -> NDArray[np.float64]:
    """The angle that turns each rotation into its counterpart: exact near 0 and pi alike.

    ``atan2(|vee(R - Rᵀ)| / 2, (tr R - 1) / 2)`` with ``R = first @ secondᵀ``.
    Source: Huynh, Metrics for 3D Rotations, Journal of Mathematical Imaging and Vision 35, 2009, Phi_6.

    Args:
        first_33: (..., 3, 3) rotations.
        second_33: (..., 3, 3) rotations, broadcast against the first.

    Returns:
        (...) radians in [0, pi].
    """
    turn = first_33 @ np.swapaxes(second_33, -1, -2)
    rows, columns = [2, 0, 1], [1, 2, 0]
    twice_sine = np.linalg.norm(turn[..., rows, columns] - turn[..., columns, rows], axis=-1)
    return np.asarray(np.arctan2(twice_sine, np.trace(turn, axis1=-2, axis2=-1) - 1.0))
