"""Detections of one view, carried into the frame of another."""

# Shapes: N detections of one image.

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from yolozu.geometry.camera import rotation_about_z

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from yolozu.data.placement import Placement
    from yolozu.structures.detections import RawDetections


def carried_boxes(boxes_cxcywh: NDArray[np.float64], seen: Placement, into: Placement) -> NDArray[np.float64]:
    """Boxes of one view as another would have them; not clipped.

    Between upright views, mirrored or not, that is exact. A turned box is no box: what comes is the box around its
    inscribed ellipse, which is exact for round objects, and between what elongated ones and ones that fill their
    corners would have. The box around the corners would be too large for all of them.

    Args:
        boxes_cxcywh: (N, 4) normalized to the network input of ``seen``.
        seen: where the image lies in the view the boxes come from.
        into: where it lies in the other.

    Returns:
        (N, 4) normalized to the network input of ``into``.
    """
    if seen == into:
        return boxes_cxcywh
    matrix_33 = into.matrix_33 @ np.linalg.inv(seen.matrix_33)
    boxes_px_N4 = boxes_cxcywh * np.tile(input_size(seen), 2)
    center_N2 = boxes_px_N4[:, :2] @ matrix_33[:2, :2].T + matrix_33[:2, 2]
    extent_N2 = np.sqrt(np.square(boxes_px_N4[:, 2:]) @ np.square(matrix_33[:2, :2]).T)
    return np.concatenate([center_N2, extent_N2], axis=1) / np.tile(input_size(into), 2)


def carried(found: RawDetections, seen: Placement, into: Placement) -> RawDetections:
    """Detections of one view as a network would give them in an upright one.

    Boxes: see `carried_boxes`. Poses are exact for any scale and turn: depth is logarithmic and over the focal length,
    so that a scale adds a number; a turn by a about the optical axis is one of the objects, ``R = Rz(-a) R'``; where a
    model's origin appears is a pixel, and goes where pixels go. The correction of the camera is of the picture: its
    focal lengths stay, its shift goes with the pixels. A mirrored picture shows mirrored objects: no pose.

    Args:
        found: detections in the frame of ``seen``.
        seen: where the image lies in the view they come from.
        into: where it lies in the other, neither turned nor mirrored.
    """
    boxes_N4 = carried_boxes(found.boxes_cxcywh, seen, into)
    poses = found.poses
    if poses is None or seen.mirrored:
        return replace(found, boxes_cxcywh=boxes_N4, poses=None)
    matrix_33 = into.matrix_33 @ np.linalg.inv(seen.matrix_33)
    origins_px_N2 = found.boxes_cxcywh[:, :2] * input_size(seen) + poses.offsets_px_N2
    origins_px_N2 = origins_px_N2 @ matrix_33[:2, :2].T + matrix_33[:2, 2]
    back_33 = rotation_about_z(0.0 if seen.turn is None else -seen.turn.angle)
    there = replace(
        poses,
        log_z_N=poses.log_z_N + _log_focal_scale(seen) - _log_focal_scale(into),
        rot6d_N6=(poses.rot6d_N6.reshape(-1, 2, 3) @ back_33.T).reshape(-1, 6),
        offsets_px_N2=origins_px_N2 - boxes_N4[:, :2] * input_size(into),
        k_delta_4=np.concatenate([poses.k_delta_4[:2], matrix_33[:2, :2] @ poses.k_delta_4[2:]]),
    )
    return replace(found, boxes_cxcywh=boxes_N4, poses=there)


def input_size(placement: Placement) -> NDArray[np.float64]:
    """(2,) width and height of the network input, px."""
    return np.array([placement.input_width, placement.input_height], float)


def _log_focal_scale(placement: Placement) -> float:
    """Logarithm of what turns the image's focal length in px into the input's normalized one."""
    scale_sq = placement.scale * placement.scale_y
    return 0.5 * math.log(scale_sq / (placement.input_width * placement.input_height))
