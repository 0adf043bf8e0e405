"""Boxes around what objects cover in the network input, as tightly as is known: a turned box is none any more."""

# Shapes: N objects of the image, V points.

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from yolozu.data.placed_poses import NO_MODELS
from yolozu.geometry.camera import intrinsics_matrix, project, transform
from yolozu.geometry.pose import corrected_intrinsics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.data.placement import Placement
    from yolozu.structures.image_record import ImageRecord
    from yolozu.structures.poses import PlacedPoses


def object_boxes(
    record: ImageRecord,
    placement: Placement,
    masks: Sequence[NDArray[np.bool_] | None],
    poses: PlacedPoses | None,
    models: ObjectModels = NO_MODELS,
) -> NDArray[np.float64]:
    """The objects' boxes in the network input, not clipped.

    Of an object with a mask, around its pixels; else, where its pose and model are known, around the model's points as
    far as they lie in the box around the turned box; else that box, which is larger than the object.

    Args:
        record: the image.
        placement: where it lies.
        masks: (H, W) visible pixels of each object, or None.
        poses: in the network input; None where nothing is known.
        models: of the classes.

    Returns:
        (N, 4) cxcywh normalized to the network input; of an object without a visible pixel, without width and height.
    """
    size = np.array([placement.input_width, placement.input_height], np.float64)
    around_N4 = placement.boxes_to_input(record.boxes_cxcywh)
    low_N2, high_N2 = (around_N4[:, :2] + sign * around_N4[:, 2:] / 2 for sign in (-1, 1))
    for number, class_index in enumerate(record.class_indices.tolist()):
        mask, model = masks[number], models.by_class.get(class_index)
        if mask is not None:
            low_N2[number], high_N2[number] = _extent(placement.points_to_input(mask_corners(mask)) / size)
        elif model is not None and len(model.points_V3) and poses is not None and poses.has_pose_N[number]:
            low, high = _extent(_projected(model.points_V3, poses, number) / size)
            low_N2[number] = np.clip(low, low_N2[number], high_N2[number])
            high_N2[number] = np.clip(high, low_N2[number], high_N2[number])
    return np.concatenate([(low_N2 + high_N2) / 2, high_N2 - low_N2], axis=1)


def mask_corners(mask_HW: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Corners of the first and the last pixel of every row: no other corner of a pixel is outermost in any direction.

    Args:
        mask_HW: (H, W).

    Returns:
        (V, 2) px, borders counted from 0; V is 0 where nothing is marked.
    """
    rows = np.flatnonzero(mask_HW.any(axis=1))
    marked = mask_HW[rows]
    first, last = marked.argmax(axis=1), mask_HW.shape[1] - marked[:, ::-1].argmax(axis=1)
    return np.concatenate(
        [np.stack([columns, lines], axis=1) for columns in (first, last) for lines in (rows, rows + 1)]
    ).astype(np.float64)


def _projected(points_V3: NDArray[np.float64], poses: PlacedPoses, number: int) -> NDArray[np.float64]:
    dfx, dfy, dcx, dcy = poses.k_delta_4.tolist()
    seen_by = corrected_intrinsics(*poses.K_4.tolist(), dfx=dfx, dfy=dfy, dcx=dcx, dcy=dcy)
    in_camera = transform(points_V3, poses.R_m2c_N33[number], poses.t_m2c_N3[number])
    return project(in_camera, intrinsics_matrix(*seen_by))


def _extent(points_V2: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if not len(points_V2):
        return np.zeros(2), np.zeros(2)
    return points_V2.min(axis=0), points_V2.max(axis=0)
