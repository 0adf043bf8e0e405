"""The poses that several views of a picture show, fused."""

# Shapes: V views with poses, N detections in them, K objects.

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from yolozu.geometry.rotation_arrays import rotation_angles
from yolozu.predict.tta.matching import Members
from yolozu.structures.detections import RawPoses

SAME_LOOK = float(np.radians(30.0))
"""Rotations farther than this from the best-scored one show another of a symmetric object's equal poses, or an error;
a mean of the two would be neither."""


def joined(poses: Sequence[RawPoses], k_delta_4: NDArray[np.float64]) -> RawPoses:
    """Poses of several views as if they were one image's, whose camera needs the correction ``k_delta_4``."""
    sigma_z, sigma_rot = ([getattr(entry, name) for entry in poses] for name in ("log_sigma_z_N", "log_sigma_rot_N"))
    return RawPoses(
        log_z_N=np.concatenate([entry.log_z_N for entry in poses]),
        rot6d_N6=np.concatenate([entry.rot6d_N6 for entry in poses]),
        offsets_px_N2=np.concatenate([entry.offsets_px_N2 for entry in poses]),
        k_delta_4=k_delta_4,
        log_sigma_z_N=None if sigma_z[0] is None else np.concatenate(sigma_z),
        log_sigma_rot_N=None if sigma_rot[0] is None else np.concatenate(sigma_rot),
    )


def fused_poses(
    poses: RawPoses, members: Members, boxes_K4: NDArray[np.float64], size_px_2: NDArray[np.float64]
) -> RawPoses:
    """Score-weighted means, as the pose heads would say them.

    Depths are averaged as logarithms, the points where origins appear as pixels, expected errors as logarithms: errors
    of the views are not independent, so the mean does not claim to be better than they are. Rotations: see
    `mean_rotations`.

    Args:
        poses: of N detections, all in one frame.
        members: which objects they show.
        boxes_K4: (K, 4) boxes of the objects, from whose centers offsets count, normalized.
        size_px_2: (2,) width and height of the network input.

    Returns:
        Of K objects; nothing sensible for those without members.
    """
    origins_px_N2 = members.boxes_N4[:, :2] * size_px_2 + poses.offsets_px_N2
    R_K33, near_N = mean_rotations(poses.rotations(), members)
    sigma_z, sigma_rot = poses.log_sigma_z_N, poses.log_sigma_rot_N
    return RawPoses(
        log_z_N=members.mean(poses.log_z_N),
        rot6d_N6=R_K33[:, :, :2].transpose(0, 2, 1).reshape(-1, 6),
        offsets_px_N2=members.mean(origins_px_N2) - boxes_K4[:, :2] * size_px_2,
        k_delta_4=poses.k_delta_4,
        log_sigma_z_N=None if sigma_z is None else members.mean(sigma_z),
        log_sigma_rot_N=None if sigma_rot is None else members.of(near_N).mean(sigma_rot[near_N]),
    )


def mean_rotations(R_N33: NDArray[np.float64], members: Members) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The chordal mean of each object's rotations near its best-scored one, and which those are.

    ``argmin_R sum_i w_i |R - R_i|²`` over rotations: ``U diag(1, 1, det(U Vᵀ)) Vᵀ`` with ``U S Vᵀ = sum_i w_i R_i``.
    Source: Hartley, Trumpf, Dai, Li, Rotation Averaging, International Journal of Computer Vision 103, 2013,
    section 5.3.

    Args:
        R_N33: (N, 3, 3) rotations.
        members: which objects they are of.

    Returns:
        (K, 3, 3), any rotation where an object has no members; (N,) bool.
    """
    best_N = members.best()[members.object_N]
    near_N = rotation_angles(R_N33, R_N33[best_N]) <= SAME_LOOK
    sums_K33 = members.of(near_N).mean(R_N33[near_N])
    U_K33, _, Vt_K33 = np.linalg.svd(sums_K33)
    U_K33[:, :, 2] *= np.linalg.det(U_K33 @ Vt_K33)[:, None]
    return U_K33 @ Vt_K33, near_N
