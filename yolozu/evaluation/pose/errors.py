"""How far an estimated pose is from the true one: one function a measure.

Rotations and translations take model to camera: ``X_camera = R @ X_model + t``, metres, right-handed camera frame, +z
forward. `bop_toolkit`'s formulas, which say mm where these say metres.
"""

# Shapes: V points of a model, S symmetries; digits fixed.

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree as KDTree

from yolozu.geometry.rotation_arrays import rotation_angles

MOST_STRETCHED = 1e-5
"""Largest deviation of ``R Rᵀ`` from the identity that leaves distances as they are, to a 100,000th."""


class Pose(NamedTuple):
    """One pose, or several in rows.

    Attributes:
        R: (..., 3, 3) rotation, model to camera.
        t: (..., 3) translation, model to camera, metres.
    """

    R: NDArray[np.float64]
    t: NDArray[np.float64]


def rotation_errors_deg(R_est: NDArray[np.float64], R_true: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angle of the rotation between two rotations, degrees in [0, 180].

    By `rotation_angles`: the arc cosine of `bop_toolkit`'s ``re`` without its loss of digits near 0 and 180.

    Source: Hodaň et al., On Evaluation of 6D Object Pose Estimation, ECCV Workshops 2016, equation 8.

    Args:
        R_est: (..., 3, 3).
        R_true: (..., 3, 3).

    Returns:
        (...).
    """
    return np.asarray(np.degrees(rotation_angles(R_est, R_true)))


def translation_errors_m(t_est: NDArray[np.float64], t_true: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance of the two origins, metres.

    Source: Hodaň et al., On Evaluation of 6D Object Pose Estimation, ECCV Workshops 2016, equation 8.

    Args:
        t_est: (..., 3) metres.
        t_true: (..., 3) metres.

    Returns:
        (...).
    """
    return np.asarray(np.linalg.norm(t_est - t_true, axis=-1))


def add_m(
    estimate: Pose,
    truth: Pose,
    points_V3: NDArray[np.float64],
) -> float:
    """ADD: mean distance of a point in one pose from the same point in the other, metres.

    Source: Hinterstoisser et al., Model Based Training, Detection and Pose Estimation of Texture-Less 3D Objects in
    Heavily Cluttered Scenes, ACCV 2012, equation 2.

    Args:
        estimate: one pose.
        truth: one pose.
        points_V3: (V, 3) the model, V at least 1, metres.
    """
    return float(_lengths(estimate.R - truth.R, estimate.t - truth.t, points_V3).mean())


def adds_m(
    estimate: Pose,
    truth: Pose,
    points_V3: NDArray[np.float64],
    tree: KDTree,
    *,
    threads: int = 1,
) -> float:
    """ADD-S (also ADI): mean distance of a point in the true pose from the nearest one in the estimated pose, metres.

    Distances do not change when both poses move together, so the nearest points are looked for in the model's frame,
    where one tree serves all poses. A rotation that was rounded to few decimals stretches the model; its points get a
    tree of their own.

    Source: Hinterstoisser et al., ACCV 2012, equation 3.

    Args:
        estimate: one pose.
        truth: one pose.
        points_V3: (V, 3) the model, V at least 1, metres.
        tree: of the same points.
        threads: that search.
    """
    if np.abs(estimate.R @ estimate.R.T - np.eye(3)).max() > MOST_STRETCHED:
        stretched = KDTree(points_V3 @ estimate.R.T + estimate.t)
        return float(stretched.query(points_V3 @ truth.R.T + truth.t, workers=threads)[0].mean())
    back_33 = np.linalg.inv(estimate.R)
    there_V3 = points_V3 @ (back_33 @ truth.R).T + back_33 @ (truth.t - estimate.t)
    return float(tree.query(there_V3, workers=threads)[0].mean())


def mssd_m(
    estimate: Pose,
    looks_S: Pose,
    points_V3: NDArray[np.float64],
    probes_U3: NDArray[np.float64],
) -> float:
    """MSSD: largest distance of a point in one pose from the same point in the other, metres, least over symmetries.

    The distance is a convex function of the point (the length of an affine map of it), so its maximum lies at corners
    of the convex hull and ``points_V3`` may be those alone. Few points bound each maximum from below; symmetries are
    then measured in the order of their bounds, until the next bound is no less than what was found.

    Source: Hodaň et al., BOP Challenge 2020 on 6D Object Localization, ECCV Workshops 2020, section 2.2.

    Args:
        estimate: one pose.
        looks_S: the true pose after each of S symmetries.
        points_V3: (V, 3) the model or the corners of its convex hull, V at least 1, metres.
        probes_U3: (U, 3) some of them, U at least 1.
    """
    A_S33, b_S3 = estimate.R - looks_S.R, estimate.t - looks_S.t
    probed_SU3 = probes_U3 @ A_S33.transpose(0, 2, 1) + b_S3[:, None]
    bounds_S = np.sqrt((probed_SU3**2).sum(-1).max(-1))
    return _least(bounds_S, lambda s: float(_lengths(A_S33[s], b_S3[s], points_V3).max()))


def mspd_px(
    estimate: Pose,
    looks_S: Pose,
    K_4: NDArray[np.float64],
    points_V3: NDArray[np.float64],
    probes_U3: NDArray[np.float64],
) -> float:
    """MSPD: largest distance in the image between the two appearances of a point, px, least over symmetries.

    All points count: unlike that of `mssd_m`, this distance is no quasi-convex function of the point (two projections
    divide by two depths), and a point inside the convex hull may move farthest. What bounds it is as there.

    Source: Hodaň et al., BOP Challenge 2020 on 6D Object Localization, ECCV Workshops 2020, section 2.2.

    Args:
        estimate: one pose.
        looks_S: the true pose after each of S symmetries.
        K_4: fx, fy, cx, cy in px.
        points_V3: (V, 3) the model, V at least 1, metres.
        probes_U3: (U, 3) some of its points, U at least 1.

    Returns:
        px of the image; infinite where a point lies at depth 0.
    """
    seen_V2, probes_seen_U2 = _projected(points_V3, estimate, K_4), _projected(probes_U3, estimate, K_4)
    bounds_S = _largest(_projected(probes_U3, looks_S, K_4) - probes_seen_U2)
    return _least(
        bounds_S, lambda s: float(_largest(_projected(points_V3, Pose(looks_S.R[s], looks_S.t[s]), K_4) - seen_V2))
    )


def projection_error_px(
    estimate: Pose,
    truth: Pose,
    K_4: NDArray[np.float64],
    points_V3: NDArray[np.float64],
) -> float:
    """Mean distance in the image between the two appearances of a point, px.

    Source: Brachmann et al., Uncertainty-Driven 6D Pose Estimation of Objects and Scenes from a Single RGB Image,
    CVPR 2016, section 5.

    Args:
        estimate: one pose.
        truth: one pose.
        K_4: fx, fy, cx, cy in px.
        points_V3: (V, 3) the model, V at least 1, metres.

    Returns:
        px of the image; infinite where a point lies at depth 0.
    """
    moved_V2 = _projected(points_V3, estimate, K_4) - _projected(points_V3, truth, K_4)
    return float(np.sqrt(_squared(moved_V2)).mean())


def _lengths(
    A_33: NDArray[np.float64], b_3: NDArray[np.float64], points_V3: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(V,) lengths of ``A X + b``; coordinates are kept in rows, which is five times faster than in columns."""
    moved_3V = A_33 @ points_V3.T + b_3[:, None]
    moved_3V *= moved_3V
    lengths_V: NDArray[np.float64] = np.sqrt(moved_3V[0] + moved_3V[1] + moved_3V[2])
    return lengths_V


def _projected(points_V3: NDArray[np.float64], pose: Pose, K_4: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where points appear, px from the principal point: (..., V, 2)."""
    there = points_V3 @ np.swapaxes(pose.R, -1, -2) + pose.t[..., None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        projected: NDArray[np.float64] = there[..., :2] / there[..., 2:] * K_4[:2]
    return projected


def _largest(moved: NDArray[np.float64]) -> NDArray[np.float64]:
    """(...) the largest length of (..., V, 2) vectors."""
    return np.asarray(np.sqrt(_squared(moved).max(-1)))


def _squared(moved: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., V) squared lengths; the difference of two infinities is no number, but surely no match."""
    squares = moved[..., 0] ** 2 + moved[..., 1] ** 2
    return np.where(np.isnan(squares), np.inf, squares)


def _least(bounds_S: NDArray[np.float64], measure: Callable[[int], float]) -> float:
    """The least of ``measure(0), …, measure(S - 1)``, each of which is at least its bound."""
    least = np.inf
    for symmetry in np.argsort(bounds_S, kind="stable").tolist():
        if bounds_S[symmetry] >= least:
            break
        least = min(least, measure(symmetry))
    return float(least)
