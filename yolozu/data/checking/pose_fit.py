"""How well poses agree with boxes: labeled objects as arrays, their models projected, and the overlap of the two."""

# Shapes: N objects, V points of a model, C corners of it.

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from yolozu.geometry.extent import hull_corners

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from yolozu.artifacts.meshes import ObjectModel
    from yolozu.data.labels import Instance
    from yolozu.data.survey import Survey, SurveyedImage, SurveyedSplit

DIRECTIONS = 600
"""A hull of more corners is stood in for by those farthest out in so many directions: what a box is drawn around."""

NEAREST_M = 1e-9
"""Points less far in front of the camera have no place in the image."""

POINTS_AT_ONCE = 400_000
"""Projected together; bounds memory, not speed."""


@dataclass(frozen=True)
class PosedObject:
    """One labeled object with a pose: its place among the labels."""

    split: SurveyedSplit
    image: SurveyedImage
    instance: Instance


@dataclass(frozen=True, eq=False)
class PosedObjects:
    """N labeled objects as arrays: what their labels say, or another reading of it.

    Attributes:
        shapes_N: (N,) key of each object's model in ``points``: its class.
        R_m2c_N33: (N, 3, 3).
        t_m2c_N3: (N, 3) metres.
        K_N4: (N, 4) fx, fy, cx, cy in px: the camera that took the image.
        boxes_xyxy_px_N4: (N, 4) labeled boxes, clipped to the image.
        sizes_px_N2: (N, 2) width and height of the image.
        points: (C, 3) corners of the models, metres, model frame; shapes that are not known are absent.
    """

    shapes_N: NDArray[np.int64]
    R_m2c_N33: NDArray[np.float64]
    t_m2c_N3: NDArray[np.float64]
    K_N4: NDArray[np.float64]
    boxes_xyxy_px_N4: NDArray[np.float64]
    sizes_px_N2: NDArray[np.float64]
    points: Mapping[int, NDArray[np.float64]]

    def __len__(self) -> int:
        return len(self.shapes_N)

    def of(self, kept_N: NDArray[np.bool_] | NDArray[np.int64]) -> PosedObjects:
        """Those that ``kept_N`` names, by truth or by number."""
        return PosedObjects(
            self.shapes_N[kept_N],
            self.R_m2c_N33[kept_N],
            self.t_m2c_N3[kept_N],
            self.K_N4[kept_N],
            self.boxes_xyxy_px_N4[kept_N],
            self.sizes_px_N2[kept_N],
            self.points,
        )

    @property
    def has_shape(self) -> NDArray[np.bool_]:
        """(N,) whether the object's model is known."""
        return np.isin(self.shapes_N, np.array(list(self.points), np.int64))

    @cached_property
    def projected_xyxy_px(self) -> NDArray[np.float64]:
        """(N, 4) box around each projected model, reaching out of the image where it does; NaN behind the camera.

        Where the model is not known, a box as large as the labeled one around where its origin appears.
        """
        found_N4 = np.empty((len(self), 4))
        for shape in np.unique(self.shapes_N).tolist():
            concerned_n = np.flatnonzero(self.shapes_N == shape)
            points_C3 = self.points.get(shape, np.zeros((1, 3)))
            step = max(1, POINTS_AT_ONCE // len(points_C3))
            for start in range(0, len(concerned_n), step):
                part = concerned_n[start : start + step]
                found_N4[part] = _extents(points_C3, self.R_m2c_N33[part], self.t_m2c_N3[part], self.K_N4[part])
        half_N2 = np.where(
            self.has_shape[:, None], 0.0, (self.boxes_xyxy_px_N4[:, 2:] - self.boxes_xyxy_px_N4[:, :2]) / 2
        )
        return np.asarray(found_N4 + np.concatenate([-half_N2, half_N2], axis=1))

    @cached_property
    def _areas(self) -> NDArray[np.float64]:
        """(N, 3) areas in squared px of what both boxes cover, of the projected, of the labeled one."""
        limit_N4 = np.tile(self.sizes_px_N2, 2)
        projected_N4 = np.clip(np.nan_to_num(self.projected_xyxy_px), 0.0, limit_N4)
        labeled_N4 = self.boxes_xyxy_px_N4
        corner_N2 = np.maximum(projected_N4[:, :2], labeled_N4[:, :2])
        common_N4 = np.concatenate([corner_N2, np.minimum(projected_N4[:, 2:], labeled_N4[:, 2:])], axis=1)
        boxes = (common_N4, projected_N4, labeled_N4)
        return np.stack([np.clip(box[:, 2:] - box[:, :2], 0.0, None).prod(axis=1) for box in boxes], axis=1)

    @property
    def overlap(self) -> NDArray[np.float64]:
        """(N,) intersection over union of the projected box, clipped to the image, and the labeled one, in [0, 1]."""
        common_N, projected_N, labeled_N = self._areas.T
        return np.asarray(common_N / np.maximum(projected_N + labeled_N - common_N, 1e-12))

    @property
    def covered(self) -> NDArray[np.float64]:
        """(N,) fraction of the labeled box that the projected one covers: near 1 however much is hidden."""
        return np.asarray(self._areas[:, 0] / np.maximum(self._areas[:, 2], 1e-12))


def posed_objects(survey: Survey, splits: Sequence[SurveyedSplit]) -> tuple[list[PosedObject], PosedObjects]:
    """The objects of ``splits`` that can be judged: with a class, a pose, a camera and a box, in a readable image."""
    places = [
        PosedObject(split, image, instance)
        for split in splits
        for image in split.images
        if image.labeled.camera is not None and image.facts.problem is None
        for instance in image.labeled.instances
        if instance.pose is not None
        and not instance.is_crowd
        and min(instance.box_cxcywh[2:]) > 0.0
        and 0 <= instance.class_index < len(survey.classes)
    ]
    sizes_N2 = np.array([(place.image.facts.width, place.image.facts.height) for place in places], np.float64)
    boxes_N4 = np.array([place.instance.box_cxcywh for place in places], np.float64).reshape(-1, 4)
    sizes_N2 = sizes_N2.reshape(-1, 2)
    corners_N4 = np.concatenate([boxes_N4[:, :2] - boxes_N4[:, 2:] / 2, boxes_N4[:, :2] + boxes_N4[:, 2:] / 2], axis=1)
    limit_N4 = np.tile(sizes_N2, 2)
    poses = [place.instance.pose for place in places if place.instance.pose is not None]
    objects = PosedObjects(
        shapes_N=np.array([place.instance.class_index for place in places], np.int64),
        R_m2c_N33=np.array([pose.R_m2c for pose in poses], np.float64).reshape(-1, 3, 3),
        t_m2c_N3=np.array([pose.t_m2c for pose in poses], np.float64).reshape(-1, 3),
        K_N4=np.array([_camera_of(place.image) for place in places], np.float64).reshape(-1, 4),
        boxes_xyxy_px_N4=np.clip(corners_N4 * limit_N4, 0.0, limit_N4),
        sizes_px_N2=sizes_N2,
        points={index: corners_of(model) for index, model in survey.models.by_class.items() if len(model.points_V3)},
    )
    return places, objects


def _camera_of(image: SurveyedImage) -> Sequence[float]:
    camera = image.labeled.camera
    assert camera is not None, "only images with a camera are asked"
    return camera.K if camera.K_true is None else camera.K_true


def corners_of(model: ObjectModel) -> NDArray[np.float64]:
    """(C, 3) corners of the model's hull, of many those that lie farthest out in some direction; all of few points.

    The directions are spread evenly by the golden angle (Fibonacci lattice on the sphere).
    """
    points_V3 = hull_corners(model.points_V3)
    if len(points_V3) <= DIRECTIONS:
        return points_V3
    order = np.arange(DIRECTIONS) + 0.5
    z, angle = 1.0 - 2.0 * order / DIRECTIONS, order * np.pi * (3.0 - 5.0**0.5)
    flat = np.sqrt(1.0 - z * z)
    directions_3D = np.stack([flat * np.cos(angle), flat * np.sin(angle), z])
    best = np.concatenate([(points_V3 @ part).argmax(axis=0) for part in np.array_split(directions_3D, 10, axis=1)])
    return np.asarray(points_V3[np.unique(best)])


def with_points_scaled(objects: PosedObjects, factor: float) -> PosedObjects:
    """The same objects with models ``factor`` times as large."""
    return replace(objects, points={shape: points_C3 * factor for shape, points_C3 in objects.points.items()})


def _extents(
    points_C3: NDArray[np.float64], R_N33: NDArray[np.float64], t_N3: NDArray[np.float64], K_N4: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(N, 4) box around the points as each pose and camera show them, px; NaN where one is not before the camera."""
    seen_N3C = R_N33 @ points_C3.T + t_N3[:, :, None]
    z_NC = seen_N3C[:, 2]
    before_N = z_NC.min(axis=1) > NEAREST_M
    places_N2C = (
        seen_N3C[:, :2] / np.where(before_N[:, None], z_NC, 1.0)[:, None] * K_N4[:, :2, None] + K_N4[:, 2:, None]
    )
    found_N4 = np.concatenate([places_N2C.min(axis=2), places_N2C.max(axis=2)], axis=1)
    found_N4[~before_N] = np.nan
    return found_N4
