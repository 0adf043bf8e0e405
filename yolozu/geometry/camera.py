"""Pinhole cameras: intrinsics, viewpoint, projection.

Right-handed camera frame: x to the right, y down, z forward; column vectors, ``X_camera = R @ X + t``; metres. Pixel
coordinates count from the image's upper left corner, so that the first pixel's middle is (0.5, 0.5).
"""

# Shapes: N points, digits fixed.

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def intrinsics_matrix(fx: float, fy: float, cx: float, cy: float) -> NDArray[np.float64]:
    """The camera matrix of a pinhole camera.

    Args:
        fx: focal length in pixel widths.
        fy: focal length in pixel heights.
        cx: principal point, px from the left border.
        cy: principal point, px from the upper border.

    Returns:
        (3, 3).
    """
    return np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])


def transform(
    points_N3: NDArray[np.float64], R_33: NDArray[np.float64], t_3: NDArray[np.float64]
) -> NDArray[np.float64]:
    """``R @ X + t`` for every point.

    Args:
        points_N3: (N, 3).
        R_33: (3, 3) rotation.
        t_3: (3,) in the unit of the points.

    Returns:
        (N, 3).
    """
    return points_N3 @ R_33.T + t_3


def project(points_N3: NDArray[np.float64], K_33: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where points of the camera frame appear.

    Args:
        points_N3: (N, 3) in front of the camera (z > 0).
        K_33: (3, 3) camera matrix in px.

    Returns:
        (N, 2) px; NaN or infinite where z is 0.
    """
    image = points_N3 @ K_33.T
    with np.errstate(divide="ignore", invalid="ignore"):
        return image[:, :2] / image[:, 2:]


def look_at(
    eye_3: NDArray[np.float64], target_3: NDArray[np.float64], *, roll: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pose of a camera at ``eye`` that sees ``target`` in the middle of its image and the world's z axis upward in it.

    Args:
        eye_3: (3,) position in the world.
        target_3: (3,) point looked at; not above or below the eye.
        roll: radians that the camera is turned about its optical axis, clockwise as it looks.

    Returns:
        ``R_w2c`` (3, 3) and ``t_w2c`` (3,).
    """
    forward = (target_3 - eye_3) / np.linalg.norm(target_3 - eye_3)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    level = np.stack([right, down, forward])
    cos, sin = np.cos(roll), np.sin(roll)
    R_w2c = np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]]) @ level
    return R_w2c, -R_w2c @ eye_3


def rotation_about_z(angle: float) -> NDArray[np.float64]:
    """Rotation by ``angle`` radians about z, counterclockwise seen from +z.

    Args:
        angle: radians.

    Returns:
        (3, 3).
    """
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
