"""Cameras and poses carried from the image into the network input."""

# Shapes: N objects of the image.

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from yolozu.artifacts.meshes import ObjectModels
from yolozu.geometry.camera import rotation_about_z
from yolozu.structures.poses import PlacedPoses, PoseLabels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from yolozu.data.placement import Placement
    from yolozu.geometry.symmetry import Symmetries

NO_CAMERA = (1.0, 1.0, 0.0, 0.0)
NO_ROTATION = np.eye(3)
NO_TRANSLATION = np.array([0.0, 0.0, 1.0])
NO_CENTER = np.zeros(2)
NO_MODELS = ObjectModels()

PARALLEL = 1e-9
"""Sines smaller than this are those of parallel vectors."""


def place_camera(K_4: NDArray[np.float64], placement: Placement) -> NDArray[np.float64]:
    """fx, fy, cx, cy of the network input: scaled, shifted and mirrored as the pixels are.

    A turn about the camera's own axis leaves them as they are; it is the objects that turn.

    Args:
        K_4: (4,) px of the image, pixel borders counted from 0.
        placement: where the image lies.

    Returns:
        (4,) px of the network input.
    """
    scales = np.array([placement.scale, placement.scale_y])
    center = K_4[2:] * scales + (placement.pad_x_px, placement.pad_y_px)
    if placement.mirrored:
        center[0] = placement.input_width - center[0]
    return np.concatenate([K_4[:2] * scales, center])


def place_poses(
    labels: PoseLabels,
    placement: Placement,
    *,
    told: Placement | None = None,
    class_indices_N: NDArray[np.int64] | None = None,
    models: ObjectModels = NO_MODELS,
) -> PlacedPoses:
    """Camera and poses in the frame of the network input.

    In a mirrored picture only an object with an axis about which any turn is a symmetry still has a pose: it is its own
    mirror image. The others' poses, and where their origins appear, are not known there.

    Args:
        labels: in the frame of the image.
        placement: where the image lies.
        told: where the image would lie for the camera that the network is told, where that is not the picture's.
        class_indices_N: (N,) network class indices; needed where `models` are.
        models: of the classes, whose symmetries count where the picture is mirrored.
    """
    camera = labels.K_4
    R_m2c_N33, t_m2c_N3, has_pose_N = _turned(labels, placement)
    has_pose_N = has_pose_N & (camera is not None)
    has_center_N = labels.has_center_N
    if placement.mirrored:
        R_m2c_N33, t_m2c_N3, own_image_N = _mirrored(R_m2c_N33, t_m2c_N3, class_indices_N, models)
        has_pose_N, has_center_N = has_pose_N & own_image_N, has_center_N & own_image_N
    seen_by = camera if labels.K_true_4 is None else labels.K_true_4
    K_4, k_delta_4, delta_known = np.array(NO_CAMERA), np.zeros(4), False
    if camera is not None and seen_by is not None:
        K_4 = place_camera(camera, placement if told is None else told)
        delta_known = told is not None or labels.K_true_4 is not None
    if seen_by is not None and delta_known:
        true_4 = place_camera(seen_by, placement)
        k_delta_4 = np.concatenate([true_4[:2] / K_4[:2] - 1.0, true_4[2:] - K_4[2:]])
    return PlacedPoses(
        K_4=K_4,
        has_camera=camera is not None,
        k_delta_4=k_delta_4,
        has_k_delta=delta_known,
        R_m2c_N33=_where(has_pose_N, R_m2c_N33, NO_ROTATION),
        t_m2c_N3=_where(has_pose_N, t_m2c_N3, NO_TRANSLATION),
        has_pose_N=has_pose_N,
        centers_px_N2=_where(has_center_N, placement.points_to_input(labels.centers_px_N2), NO_CENTER),
        has_center_N=has_center_N,
    )


def _where(
    known_N: NDArray[np.bool_], values: NDArray[np.float64], otherwise: NDArray[np.float64]
) -> NDArray[np.float64]:
    if known_N.all():
        return values
    return np.where(known_N.reshape(-1, *(1,) * (values.ndim - 1)), values, otherwise)


def _turned(
    labels: PoseLabels, placement: Placement
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """R, t and which of them are poses: ``Rz R`` and ``Rz t``."""
    if placement.turn is None:
        return labels.R_m2c_N33, labels.t_m2c_N3, labels.has_pose_N
    Rz_33 = rotation_about_z(placement.turn.angle)
    return Rz_33 @ labels.R_m2c_N33, labels.t_m2c_N3 @ Rz_33.T, labels.has_pose_N


def _mirrored(
    R_m2c_N33: NDArray[np.float64],
    t_m2c_N3: NDArray[np.float64],
    class_indices_N: NDArray[np.int64] | None,
    models: ObjectModels,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Poses in the mirrored picture, and which of the objects have one.

    With the mirror M of camera space and a reflection F that leaves the model as it is,
    ``M (R X + t) = (M R F) (F X) + M t``: a rotation again, of the same surface.
    """
    mirror_33 = np.diag([-1.0, 1.0, 1.0])
    R_mirrored_N33, own_image_N = R_m2c_N33.copy(), np.zeros(len(R_m2c_N33), np.bool_)
    for number, class_index in enumerate(() if class_indices_N is None else class_indices_N.tolist()):
        model = models.by_class.get(class_index)
        if model is not None and model.symmetries.axis_3 is not None:
            R_mirrored_N33[number] = mirror_33 @ R_m2c_N33[number] @ _reflection(model.symmetries)
            own_image_N[number] = True
    return R_mirrored_N33, t_m2c_N3 @ mirror_33, own_image_N


def _reflection(symmetries: Symmetries) -> NDArray[np.float64]:
    """(3, 3) reflection through the plane that holds the axis and the model's origin."""
    axis_3 = symmetries.axis_3
    assert axis_3 is not None
    normal_3 = np.cross(axis_3, symmetries.offset_3)
    if np.linalg.norm(normal_3) < PARALLEL:  # the axis goes through the origin: any plane that holds it will do
        normal_3 = np.cross(axis_3, np.eye(3)[np.argmin(np.abs(axis_3))])
    normal_3 = normal_3 / np.linalg.norm(normal_3)
    return np.asarray(np.eye(3) - 2.0 * np.outer(normal_3, normal_3))
