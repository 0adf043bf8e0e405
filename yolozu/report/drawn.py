"""Pictures with ground truth and predictions drawn beside one another, made small first so that lines stay visible."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolozu.data.images import read_image
from yolozu.geometry.pose_values import camera
from yolozu.predict.pictures.drawing import NO_EXTENTS, draw_detections
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.predictions import ImagePredictions

JPEG_QUALITY = 82
CAMERA = ("fx", "fy", "cx", "cy")


@dataclass(frozen=True)
class Pair:
    """One picture twice.

    Attributes:
        truth: with its labeled objects.
        predicted: with its detections.
    """

    truth: Image.Image
    predicted: Image.Image


def draw_pair(
    record: ImageRecord,
    predictions: ImagePredictions,
    names: Mapping[int, str],
    category_ids: Sequence[int],
    *,
    side: int,
    extents: Mapping[int, NDArray[np.float64]] = NO_EXTENTS,
) -> Pair:
    """The picture with what is there, and with what was found.

    Args:
        record: the picture and its objects.
        predictions: the detections to draw.
        names: category id -> name.
        category_ids: by network index.
        side: longer side of a picture, px.
        extents: of objects in space, as `draw_detections` takes them.

    Raises:
        InputError: the picture cannot be read.
    """
    picture = _fitted(Image.fromarray(read_image(record.path)), side)
    pixels_HW3, factor = np.asarray(picture), picture.width / record.width
    truth = _scaled(truth_of(record, category_ids), factor, picture)
    found = _scaled(_with_plain_camera(predictions, record), factor, picture)
    return Pair(
        draw_detections(pixels_HW3, truth, names, with_scores=False, extents=extents),
        draw_detections(pixels_HW3, found, names, extents=extents),
    )


def truth_of(record: ImageRecord, category_ids: Sequence[int]) -> ImagePredictions:
    """The objects of a picture in the form of detections that are sure; crowd regions are left out."""
    kept = ~record.is_crowd
    poses, labels = {}, record.poses
    if labels is not None:
        has_pose = labels.has_pose_N[kept]
        R = np.where(has_pose[:, None, None], labels.R_m2c_N33[kept], np.nan)
        t = np.where(has_pose[:, None], labels.t_m2c_N3[kept], np.nan)
        poses = {"R": R, "t_xyz": t}
    plain = _labeled_camera(record)
    return ImagePredictions(
        record.image,
        record.width,
        record.height,
        np.array(category_ids, np.int64)[record.class_indices[kept]],
        np.ones(int(kept.sum())),
        record.boxes_cxcywh[kept],
        intrinsics=plain,
        poses=poses if plain is not None else {},
    )


def jpeg_address(picture: Image.Image) -> str:
    """The picture as the address of an image that is in the page itself."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def _fitted(picture: Image.Image, side: int) -> Image.Image:
    factor = side / max(picture.size)
    size = max(1, round(picture.width * factor)), max(1, round(picture.height * factor))
    return picture.resize(size, Image.Resampling.LANCZOS)


def _labeled_camera(record: ImageRecord) -> dict[str, float] | None:
    """The camera that the labels state, px of the picture."""
    K_4 = None if record.poses is None else record.poses.K_4
    return None if K_4 is None else dict(zip(CAMERA, K_4.tolist(), strict=True))


def _with_plain_camera(predictions: ImagePredictions, record: ImageRecord) -> ImagePredictions:
    """The predictions with their camera as four numbers, or with that of the labels; without poses where neither is."""
    if not predictions.has_pose.any():
        return replace(predictions, intrinsics=None)
    stated, plain = predictions.intrinsics, _labeled_camera(record)
    if stated is not None:
        try:
            plain = dict(zip(CAMERA, camera(stated), strict=True))
        except ValueError:  # a skewed one: nothing can be drawn through it
            plain = None
    return replace(predictions, intrinsics=plain, poses={} if plain is None else predictions.poses)


def _scaled(predictions: ImagePredictions, factor: float, picture: Image.Image) -> ImagePredictions:
    """The predictions at the size of ``picture``; boxes are normalized, the camera is in px."""
    plain = predictions.intrinsics
    if plain is not None:
        plain = {key: plain[key] * factor for key in CAMERA}
    return replace(predictions, width=picture.width, height=picture.height, intrinsics=plain)
