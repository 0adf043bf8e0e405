"""What an adapter is shown and told in a perturbation, and what is true then."""

# Shapes: N objects of an image.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolozu.contract.sections.scenario_setting import INTRINSICS, SCALE, SHORT_KINDS, PerturbConfig
from yolozu.data.corruption.corruption import Corruption
from yolozu.data.transform import ImageTransform
from yolozu.geometry.pose import corrected_intrinsics
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.poses import PoseLabels

SCALES = (0.9, 0.75, 0.6, 0.45, 0.3)
"""By severity: the shrunk picture's sides relative to the picture's."""
FILL = 114
"""Grey level around a shrunk picture, that of a letterbox."""


@dataclass(frozen=True, eq=False)
class Shown:
    """A perturbation of some images.

    Attributes:
        needs: the option of an adapter without which it cannot take part.
        told: the images as the adapter gets them, camera included.
        true: the images as they are evaluated.
        transform: what happens to the pixels.
    """

    needs: Literal["transform", "intrinsics"]
    told: tuple[ImageRecord, ...]
    true: tuple[ImageRecord, ...]
    transform: ImageTransform | None = None


def shown(config: PerturbConfig, severity: int | None, records: Sequence[ImageRecord], *, seed: int) -> Shown:
    """The images ``records`` under a perturbation.

    Args:
        config: its kind, and the errors of the camera.
        severity: 1 to 5; None for ``intrinsics``.
        records: the images as they are.
        seed: of what is random.
    """
    records = tuple(records)
    if config.kind == INTRINSICS:
        told = (_with_wrong_camera(record, config) for record in records)
        return Shown("intrinsics", tuple(told), records)
    assert severity is not None
    if config.kind == SCALE:
        shrink = Shrink(SCALES[severity - 1])
        shrunk = tuple(shrink.record(record) for record in records)
        return Shown("transform", shrunk, shrunk, shrink)
    kind = SHORT_KINDS.get(config.kind, config.kind)
    return Shown("transform", records, records, Corruption(kind, severity, seed))


@dataclass(frozen=True)
class Shrink:
    """The picture shrunk toward its middle, in a picture of the same size, grey around: objects look farther away.

    The sides become ``scale`` times as long, rounded to whole px and at least one; the left and upper border lie on
    whole px. What is true of the picture follows exactly: boxes, areas, and the camera, so that poses stay what they
    are.

    Attributes:
        scale: above 0, at most 1.
    """

    scale: float

    def __call__(self, image_HW3: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:  # noqa: ARG002 - nothing is random
        """The picture shrunk by a triangle filter as wide as the shrinking asks for."""
        height, width = image_HW3.shape[:2]
        (inner_width, inner_height), (left, top) = self._inside(width, height)
        small = Image.fromarray(image_HW3).resize((inner_width, inner_height), Image.Resampling.BILINEAR)
        canvas = np.full_like(image_HW3, FILL)
        canvas[top : top + inner_height, left : left + inner_width] = np.asarray(small)
        return canvas

    def describe(self) -> dict[str, Any]:
        """The scale."""
        return {"scale": self.scale}

    def record(self, record: ImageRecord) -> ImageRecord:
        """What is true of the shrunk picture; masks, which are pictures of their own, are left out."""
        size = np.array([record.width, record.height], np.float64)
        inner, corner = (np.array(pair, np.float64) for pair in self._inside(record.width, record.height))
        scale_2 = inner / size
        boxes_N4 = record.boxes_cxcywh * np.tile(scale_2, 2)
        boxes_N4[:, :2] += corner / size
        poses = None if record.poses is None else _placed(record.poses, scale_2, corner)
        areas_N = record.areas_px * scale_2.prod()
        return replace(record, boxes_cxcywh=boxes_N4, areas_px=areas_N, poses=poses, masks=())

    def _inside(self, width: int, height: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Width and height of the shrunk picture, and its left and upper border, px."""
        inner_width, inner_height = (max(1, round(side * self.scale)) for side in (width, height))
        return (inner_width, inner_height), ((width - inner_width) // 2, (height - inner_height) // 2)


def _placed(poses: PoseLabels, scale_2: NDArray[np.float64], corner_2: NDArray[np.float64]) -> PoseLabels:
    """Camera and centers of a picture whose px ``p`` is now at ``scale p + corner``."""

    def moved(K_4: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
        if K_4 is None:
            return None
        return np.concatenate([K_4[:2] * scale_2, K_4[2:] * scale_2 + corner_2])

    centers_N2 = np.where(poses.has_center_N[:, None], poses.centers_px_N2 * scale_2 + corner_2, poses.centers_px_N2)
    return replace(poses, K_4=moved(poses.K_4), K_true_4=moved(poses.K_true_4), centers_px_N2=centers_N2)


def _with_wrong_camera(record: ImageRecord, config: PerturbConfig) -> ImageRecord:
    """The image with the errors of ``config`` in its camera; unchanged where that is not known."""
    if record.poses is None or record.poses.K_4 is None:
        return record
    errors = {"dfx": config.dfx, "dfy": config.dfy, "dcx": config.dcx, "dcy": config.dcy}
    K_4 = np.array(corrected_intrinsics(*record.poses.K_4.tolist(), **errors))
    return replace(record, poses=replace(record.poses, K_4=K_4))
