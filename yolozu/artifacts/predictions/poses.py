"""The fields of a pose, held against what poses can be and against each other."""

# Shapes: N detections.

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolozu.errors import Finding
from yolozu.geometry.rotation_arrays import rotations_of

ROTATION_TOLERANCE = 2e-3
"""Largest deviation of an element of ``R Rᵀ`` from the identity: three decimals in a text file pass."""
DEPTH_TOLERANCE = 1e-3
"""Largest difference of the logarithm of a depth: a thousandth of it, what three decimals of metres leave at 1 m."""


def rotation_error(R_N33: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far matrices are from rotations.

    Args:
        R_N33: (N, 3, 3).

    Returns:
        (N,) largest element of ``|R Rᵀ - 1|`` (NaN where numbers overflow), and (N,) determinants.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        gram = R_N33 @ R_N33.transpose(0, 2, 1)
        deviation = np.abs(gram - np.eye(3)).max(axis=(1, 2), initial=0.0)
        return deviation, np.einsum("ni,ni->n", np.cross(R_N33[:, 0], R_N33[:, 1]), R_N33[:, 2])


def is_no_rotation(R_N33: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(N,) of matrices."""
    deviation, determinant = rotation_error(R_N33)
    return ~((deviation <= ROTATION_TOLERANCE) & (determinant > 0))


def spans_no_plane(rot6d_N6: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(N,) of two columns, whatever their lengths."""
    with np.errstate(over="ignore", invalid="ignore"):
        return is_no_rotation(rotations_of(rot6d_N6))


def is_behind(t_N3: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(N,) of points that a camera cannot see."""
    return ~(t_N3[:, 2] > 0.0)


def leaves_no_camera(k_delta_N4: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(N,) of corrections that leave no focal length."""
    leaves_none_N: NDArray[np.bool_] = ~np.all(k_delta_N4[:, :2] > -1.0, axis=1)
    return leaves_none_N


def depths_apart(log_z_N: NDArray[np.float64], t_N3: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) difference of the logarithms of two depths; NaN where there is no depth."""
    with np.errstate(invalid="ignore", divide="ignore"):
        apart: NDArray[np.float64] = np.abs(np.log(t_N3[:, 2]) - log_z_N)
        return apart


def rotations_apart(rot6d_N6: NDArray[np.float64], R_N33: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) largest difference of an element of two rotations."""
    with np.errstate(over="ignore", invalid="ignore"):
        apart: NDArray[np.float64] = np.abs(rotations_of(rot6d_N6) - R_N33).max(axis=(1, 2), initial=0.0)
        return apart


def _no_rotation(where: str, R_133: NDArray[np.float64]) -> Finding:
    deviation, determinant = rotation_error(R_133)
    if deviation[0] <= ROTATION_TOLERANCE:
        assert determinant[0] < 0, "a rotation is nothing to complain of"
        problem = "no rotation: determinant -1, a reflection"
        return Finding("YZ711", f"{where}.R", problem, "negate one axis; use a right-handed frame")
    problem = f"no rotation: R Rᵀ differs from the identity by {deviation[0]:.3g}"
    return Finding("YZ711", f"{where}.R", problem, "write an orthonormal matrix with determinant +1")


def _no_plane(where: str, _: NDArray[np.float64]) -> Finding:
    problem = "no rotation: its two columns span no plane"
    return Finding("YZ711", f"{where}.rot6d", problem, "write the first two columns of a rotation")


def _behind(where: str, t_13: NDArray[np.float64]) -> Finding:
    problem = f"z = {t_13[0, 2]:g} is not in front of the camera"
    return Finding("YZ720", f"{where}.t_xyz[2]", problem, "write metres in a camera frame whose z points forward")


def _no_camera(where: str, k_delta_14: NDArray[np.float64]) -> Finding:
    dfx, dfy = k_delta_14[0, :2]
    problem = f"dfx {dfx:g}, dfy {dfy:g} leave no focal length"
    return Finding("YZ709", f"{where}.k_delta", problem, "write relative changes of fx and fy, above -1")


@dataclass(frozen=True)
class PoseRule:
    """What the fields of a pose must be, or what two of them must agree on.

    Attributes:
        fields: their names.
        is_broken: (N,) which detections break it; takes a column for each of the fields.
        finding: what is said of one that does; takes the detection's JSON path and columns of length 1.
    """

    fields: tuple[str, ...]
    is_broken: Callable[..., NDArray[np.bool_]]
    finding: Callable[..., Finding]


def _agreement(
    fields: tuple[str, str], apart: Callable[..., NDArray[np.float64]], tolerance: float, fix: str
) -> PoseRule:
    def finding(where: str, *columns: NDArray[np.float64]) -> Finding:
        problem = f"says something else than {fields[1]}: they differ by {apart(*columns)[0]:.3g}"
        return Finding("YZ721", f"{where}.{fields[0]}", problem, fix, "warning")

    return PoseRule(fields, lambda *columns: ~(apart(*columns) <= tolerance), finding)


POSE_RULES = (
    PoseRule(("R",), is_no_rotation, _no_rotation),
    PoseRule(("rot6d",), spans_no_plane, _no_plane),
    PoseRule(("t_xyz",), is_behind, _behind),
    PoseRule(("k_delta",), leaves_no_camera, _no_camera),
    _agreement(("log_z", "t_xyz"), depths_apart, DEPTH_TOLERANCE, "write the natural logarithm of t_xyz[2]"),
    _agreement(("rot6d", "R"), rotations_apart, ROTATION_TOLERANCE, "write the first column of R, then the second"),
)


def pose_findings(pose: Mapping[str, Any], where: str) -> Iterator[Finding]:
    """What is wrong with the fields of one detection's pose, all of which have their shape and are finite.

    Args:
        pose: field -> its value; others than those of a pose are left alone.
        where: JSON path of the detection.
    """
    wrong: set[str] = set()
    for rule in POSE_RULES:
        if pose.keys() >= set(rule.fields) and wrong.isdisjoint(rule.fields):
            columns = [np.array([pose[name]], np.float64) for name in rule.fields]
            if rule.is_broken(*columns)[0]:
                wrong.update(rule.fields)
                yield rule.finding(where, *columns)
