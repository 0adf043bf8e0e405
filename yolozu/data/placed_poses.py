"""Cameras and poses carried from the image into the network input."""

# Shapes: N objects of the image.

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from yolozu.data.poses import PlacedPoses, PoseLabels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from yolozu.data.placement import Placement


def place_camera(K_4: NDArray[np.float64], placement: Placement) -> NDArray[np.float64]:
    """fx, fy, cx, cy of the network input: scaled and shifted as the pixels are.

    Args:
        K_4: (4,) px of the image, pixel borders counted from 0.
        placement: where the image lies.

    Returns:
        (4,) px of the network input.
    """
    scale = np.full(2, placement.scale)
    return np.concatenate([K_4[:2] * scale, K_4[2:] * scale + (placement.pad_x_px, placement.pad_y_px)])


def place_poses(labels: PoseLabels, placement: Placement) -> PlacedPoses:
    """Camera and poses in the frame of the network input.

    Args:
        labels: in the frame of the image.
        placement: where the image lies.
    """
    known = labels.K_4 is not None
    K_4 = place_camera(labels.K_4, placement) if labels.K_4 is not None else np.array([1.0, 1.0, 0.0, 0.0])
    k_delta_4 = np.zeros(4)
    if labels.K_true_4 is not None:
        true_4 = place_camera(labels.K_true_4, placement)
        k_delta_4 = np.concatenate([true_4[:2] / K_4[:2] - 1.0, true_4[2:] - K_4[2:]])
    return PlacedPoses(
        K_4=K_4,
        has_camera=known,
        k_delta_4=k_delta_4,
        has_k_delta=labels.K_true_4 is not None,
        R_m2c_N33=labels.R_m2c_N33,
        t_m2c_N3=labels.t_m2c_N3,
        has_pose_N=labels.has_pose_N & known & (not placement.mirrored),
        centers_px_N2=labels.centers_px_N2 * placement.scale + (placement.pad_x_px, placement.pad_y_px),
        has_center_N=labels.has_center_N & (not placement.mirrored),
    )
