"""Boxes of objects whose data set states none: around the mask, or around the projected model."""

# Shapes: V points of a model.

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolozu.data.images import READ_ERRORS, in_a_line
from yolozu.data.labels import InstancePose
from yolozu.geometry.camera import intrinsics_matrix, project, transform
from yolozu.geometry.pose_values import Numbers4

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in px from the image's upper left corner."""


def box_of_mask(path: Path) -> Box | None:
    """The box around every pixel above 0; None where there is none.

    Raises:
        ValueError: the file is no picture.
    """
    try:
        with Image.open(path) as picture:
            mask_HW = np.asarray(picture.convert("I")) > 0
    except READ_ERRORS as error:
        raise ValueError(f"{path} cannot be read: {in_a_line(error)}") from error
    columns, rows = np.flatnonzero(mask_HW.any(0)), np.flatnonzero(mask_HW.any(1))
    if len(columns) == 0:
        return None
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def box_of_points(points_V3: NDArray[np.float64], pose: InstancePose, K: Numbers4) -> Box | None:
    """The box around a posed model, the image's borders aside; None where part of it is behind the camera.

    Args:
        points_V3: (V, 3) metres, model frame; V above 0.
        pose: model to camera.
        K: fx, fy, cx, cy in px, counted from the image's corner.
    """
    camera_V3 = transform(points_V3, np.array(pose.R_m2c), np.array(pose.t_m2c))
    if (camera_V3[:, 2] <= 0.0).any():
        return None
    pixels_V2 = project(camera_V3, intrinsics_matrix(*K))
    (left, top), (right, bottom) = pixels_V2.min(0).tolist(), pixels_V2.max(0).tolist()
    return left, top, right, bottom
