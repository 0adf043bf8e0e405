"""The poses that look the same: BOP's finite set of them, and the one nearest to an estimate."""

# Shapes: D discrete symmetries, S of both kinds, P pairs of poses; digits fixed.

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from yolozu.evaluation.pose.errors import Pose
from yolozu.geometry.symmetry import Symmetries

STEP_FRACTION = 0.01
"""Largest way, as a fraction of the diameter, that a point may travel between two turns about a continuous axis."""


def discretized(
    symmetries: Symmetries, *, step_fraction: float = STEP_FRACTION
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Every discrete symmetry followed by every one of evenly spaced turns about each continuous axis.

    A point at most half a diameter off the axis travels at most ``π · diameter`` in a full turn, so ``ceil(π /
    step_fraction)`` turns keep each step below ``step_fraction · diameter``: 315 turns of 1.14 degrees at 0.01. Of
    several axes, these are the turns about each, as in BOP, and not what they make together: any rotation.

    Source: `bop_toolkit`'s ``get_symmetry_transformations`` with ``max_sym_disc_step`` 0.01; Hodaň et al., BOP
    Challenge 2020 on 6D Object Localization, ECCV Workshops 2020, section 2.2.

    Args:
        symmetries: of a model.
        step_fraction: above 0.

    Returns:
        (S, 3, 3) rotations and (S, 3) translations in metres, the identity first.
    """
    if symmetries.axis_3 is None:
        return symmetries.rotations_S33, symmetries.translations_S3
    angles_T = np.linspace(0.0, 2.0 * np.pi, math.ceil(math.pi / step_fraction), endpoint=False)
    turns_T33 = np.concatenate([_turns(axis_3, angles_T) for axis_3, _ in symmetries.axes])
    points_T3 = np.repeat([offset_3 for _, offset_3 in symmetries.axes], len(angles_T), axis=0)
    shifts_T3 = points_T3 - np.einsum("tij,tj->ti", turns_T33, points_T3)
    rotations_DT33 = turns_T33[None] @ symmetries.rotations_S33[:, None]
    translations_DT3 = np.einsum("tij,dj->dti", turns_T33, symmetries.translations_S3) + shifts_T3
    return rotations_DT33.reshape(-1, 3, 3), translations_DT3.reshape(-1, 3)


def looks_of(truth: Pose, discretized_S: tuple[NDArray[np.float64], NDArray[np.float64]]) -> Pose:
    """The pose after each symmetry, ``R S`` and ``R s + t``.

    Args:
        truth: one pose.
        discretized_S: what `discretized` gives.
    """
    rotations_S33, translations_S3 = discretized_S
    return Pose(truth.R @ rotations_S33, translations_S3 @ truth.R.T + truth.t)


def nearest_looks(R_est_P33: NDArray[np.float64], truth_P: Pose, symmetries: Symmetries) -> Pose:
    """Of the poses that look like the true one, that with the least rotation to the estimate.

    The turn about a continuous axis is found exactly, not among steps: with ``M = D R_estᵀ R_true`` for a discrete
    symmetry D, the turn by φ about the unit axis a has ``tr(M turn(φ)) = aᵀM a + (tr M - aᵀM a) cos φ + w·a sin φ``,
    where ``w = (M₁₂ - M₂₁, M₂₀ - M₀₂, M₀₁ - M₁₀)``, and the largest trace is the least angle. A ball looks the same
    after any rotation about its center, so also after the one that makes it the estimate's.

    Args:
        R_est_P33: (P, 3, 3) estimated rotations, model to camera.
        truth_P: P true poses of objects of one model.
        symmetries: of that model.

    Returns:
        P poses.
    """
    center_3 = symmetries.ball_center_3
    if center_3 is not None:
        centers_P3 = truth_P.R @ center_3 + truth_P.t
        return Pose(R_est_P33, centers_P3 - R_est_P33 @ center_3)
    D_33, d_3 = symmetries.rotations_S33, symmetries.translations_S3
    between_P33 = R_est_P33.transpose(0, 2, 1) @ truth_P.R
    M_PD33 = D_33[None] @ between_P33[:, None]
    traces_PD, angles_PD = _largest_traces(M_PD33, symmetries.axis_3)
    best_P = traces_PD.argmax(axis=1)
    rotations_P33, translations_P3 = D_33[best_P], d_3[best_P]
    if symmetries.axis_3 is not None:
        turns_P33 = _turns(symmetries.axis_3, np.take_along_axis(angles_PD, best_P[:, None], axis=1)[:, 0])
        rotations_P33 = turns_P33 @ rotations_P33
        shifted_P3 = translations_P3 - symmetries.offset_3
        translations_P3 = np.einsum("pij,pj->pi", turns_P33, shifted_P3) + symmetries.offset_3
    return Pose(truth_P.R @ rotations_P33, np.einsum("pij,pj->pi", truth_P.R, translations_P3) + truth_P.t)


def _largest_traces(
    M_PD33: NDArray[np.float64], axis_3: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(P, D) largest traces over the turns, and the angles that have them, radians."""
    plain_PD = np.trace(M_PD33, axis1=-2, axis2=-1)
    if axis_3 is None:
        return plain_PD, np.zeros_like(plain_PD)
    along_PD = np.einsum("i,pdij,j->pd", axis_3, M_PD33, axis_3)
    skew_PD3 = np.stack(
        [
            M_PD33[..., 1, 2] - M_PD33[..., 2, 1],
            M_PD33[..., 2, 0] - M_PD33[..., 0, 2],
            M_PD33[..., 0, 1] - M_PD33[..., 1, 0],
        ],
        axis=-1,
    )
    cosine_PD, sine_PD = plain_PD - along_PD, skew_PD3 @ axis_3
    return along_PD + np.hypot(cosine_PD, sine_PD), np.arctan2(sine_PD, cosine_PD)


def _turns(axis_3: NDArray[np.float64], angles_T: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T, 3, 3) rotations about a unit axis, radians (Rodrigues' formula)."""
    x, y, z = axis_3
    cross_33 = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    along_33 = np.outer(axis_3, axis_3)
    cosine, sine = np.cos(angles_T)[:, None, None], np.sin(angles_T)[:, None, None]
    turns_T33: NDArray[np.float64] = along_33 + cosine * (np.eye(3) - along_33) + sine * cross_33
    return turns_T33
