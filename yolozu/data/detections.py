"""Detections in the frame of the network input -> predictions on the original image."""

# Shapes: N detections of one image.

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from yolozu.artifacts.predictions.entries import CAMERA
from yolozu.data.placed_poses import place_camera
from yolozu.errors import InputError
from yolozu.structures.poses import PoseLabels
from yolozu.structures.predictions import ImagePredictions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from yolozu.data.index import DataIndex
    from yolozu.data.placement import Placement
    from yolozu.structures.classes import ClassTable
    from yolozu.structures.detections import RawDetections, RawPoses
    from yolozu.structures.image_record import ImageRecord


def on_original_image(
    record: ImageRecord, placement: Placement, classes: ClassTable, raw: RawDetections
) -> ImagePredictions:
    """Predictions of one image; what lies wholly in the letterbox's border is on no image and left out.

    Boxes are clipped to the image; a pose follows from the box as the network gave it. Without a known camera it has
    neither depth nor translation.

    Args:
        record: the image, with its camera where that is known.
        placement: where it lies in the network input; upright and not mirrored where there are poses.
        classes: what the network's classes are.
        raw: the detections.

    Raises:
        InputError: YZ620 the pose heads gave a rotation, a camera or a depth that none can be.
    """
    boxes_N4 = placement.boxes_to_original(raw.boxes_cxcywh)
    inside_N: NDArray[np.bool_] = np.all(boxes_N4[:, 2:] > 0.0, axis=1)
    kept, K_4 = raw.of(inside_N), camera_of(record)
    category_ids = np.asarray(classes.category_ids, dtype=np.int64)
    return ImagePredictions(
        image=record.image,
        width=record.width,
        height=record.height,
        class_ids=category_ids[kept.class_indices],
        scores=kept.scores.astype(np.float64),
        boxes_cxcywh=boxes_N4[inside_N],
        intrinsics=None if K_4 is None else dict(zip(CAMERA, K_4.tolist(), strict=True)),
        poses={} if kept.poses is None else _pose_columns(record.image, kept, kept.poses, K_4, placement),
    )


def camera_of(record: ImageRecord) -> NDArray[np.float64] | None:
    """(4,) fx, fy, cx, cy in px of the image, pixel borders counted from 0; None where the camera is not known."""
    return None if record.poses is None else record.poses.K_4


def with_camera(record: ImageRecord, K_4: NDArray[np.float64]) -> ImageRecord:
    """The record with this camera (as in `camera_of`), unless its own is known."""
    if camera_of(record) is not None:
        return record
    poses = PoseLabels.none_of(len(record.class_indices)) if record.poses is None else record.poses
    return replace(record, poses=replace(poses, K_4=K_4))


def _pose_columns(
    image: str, detections: RawDetections, poses: RawPoses, K_4: NDArray[np.float64] | None, placement: Placement
) -> dict[str, NDArray[np.float64]]:
    """As in `ImagePredictions.poses`."""
    assert not placement.mirrored, "the pose of a mirrored image is no pose of the image"
    assert placement.turn is None, "the pose of a turned image is another one"
    R_N33 = poses.rotations()
    require_rotations(image, R_N33)
    columns = {"R": R_N33}
    if K_4 is not None:
        focal_scales = np.broadcast_to((1.0 + poses.k_delta_4[:2]).min(), len(R_N33))
        _require_sense(image, "pred_k_delta", focal_scales > 0.0, "a camera without a focal length")
        t_N3 = poses.translations(
            detections.boxes_cxcywh,
            place_camera(K_4, placement),
            width=placement.input_width,
            height=placement.input_height,
        )
        in_front_N = np.isfinite(t_N3).all(axis=1) & (t_N3[:, 2] > 0.0)
        _require_sense(image, "pred_log_z", in_front_N, "a depth that is no number of metres")
        columns |= {"t_xyz": t_N3, "log_z": np.log(t_N3[:, 2])}
    columns |= {
        "rot6d": poses.rot6d_N6,
        "offsets": poses.offsets_px_N2,
        "k_delta": np.broadcast_to(poses.k_delta_4, (len(R_N33), 4)),
    }
    if poses.log_sigma_z_N is not None:
        columns["sigma_z"] = np.exp(poses.log_sigma_z_N)
    if poses.log_sigma_rot_N is not None:
        columns["sigma_rot"] = np.exp(poses.log_sigma_rot_N)
    return columns


def require_rotations(image: str, R_N33: NDArray[np.float64]) -> None:
    """Refuse what `RawPoses.rotations` makes of six numbers that stand for no rotation.

    Raises:
        InputError: YZ620, the first such detection.
    """
    _require_sense(image, "pred_rot6d", np.abs(np.linalg.det(R_N33) - 1.0) < 1e-6, "two columns that span no plane")


def _require_sense(image: str, output: str, sound_N: NDArray[np.bool_], what: str) -> None:
    if not sound_N.all():
        raise InputError.one(
            "YZ620",
            where=f"{image}: detection {int(np.argmin(sound_N))}",
            problem=f"{output} gives {what}",
            fix="predict with another checkpoint, or train with a lower lr or clip_grad_norm",
        )


def with_cameras(index: DataIndex, camera: tuple[float, float, float, float] | None) -> DataIndex:
    """The images with this camera (fx, fy, cx, cy in px) where theirs is not known, so that it too can be perturbed."""
    if camera is None:
        return index
    return replace(index, records=tuple(with_camera(record, np.array(camera)) for record in index.records))
