"""One image of a data set with its ground truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolozu.structures.poses import PoseLabels


@dataclass(frozen=True, eq=False)
class ImageRecord:
    """One image and its N objects.

    Attributes:
        image: path relative to the data set's root, with ``/``; absolute where it is outside.
        path: the file, readable from the working directory; of a picture that brings its pixels, its name alone.
        width: px, after EXIF orientation.
        height: px, after EXIF orientation.
        sha256: digest of the file; empty where the picture brings its pixels.
        class_indices: (N,) int64 network index.
        boxes_cxcywh: (N, 4) float64 normalized to the image.
        is_crowd: (N,) bool, regions that are no training target.
        areas_px: (N,) float64 squared px, as annotated; box width × height where nothing is.
        poses: camera and poses; None in an image without either.
        masks: (N,) each object's picture of its visible pixels, relative to the data set's root or absolute, and the
            grey level that marks it (None: all above 0); None for an object without. Empty where no object has one.
        number: the id that an instances file gives it, where ids and paths order the images differently: detections of
            equal scores count in the order of ids. None where the order of paths is that of ids, or there are none.
        labeled_classes: network indices of the classes that its labels tell of; None for all. Others may be there.
        pixels_HW3: (H, W, 3) uint8 RGB, the right way up, of a picture that is in no file; an index has none such.
    """

    image: str
    path: Path
    width: int
    height: int
    sha256: str
    class_indices: NDArray[np.int64]
    boxes_cxcywh: NDArray[np.float64]
    is_crowd: NDArray[np.bool_]
    areas_px: NDArray[np.float64]
    poses: PoseLabels | None = None
    masks: tuple[tuple[str, int | None] | None, ...] = ()
    number: int | None = None
    labeled_classes: tuple[int, ...] | None = None
    pixels_HW3: NDArray[np.uint8] | None = None

    def to_json(self) -> dict[str, Any]:
        """The record without what its index knows; `record_columns` reads it."""
        numbered = {} if self.number is None else {"number": self.number}
        partly = {} if self.labeled_classes is None else {"labeled_classes": list(self.labeled_classes)}
        return {
            **numbered,
            **partly,
            "image": self.image,
            "width": self.width,
            "height": self.height,
            "sha256": self.sha256,
            "class_indices": self.class_indices.tolist(),
            "boxes_cxcywh": self.boxes_cxcywh.tolist(),
            "is_crowd": self.is_crowd.tolist(),
            "areas_px": self.areas_px.tolist(),
            "poses": None if self.poses is None else self.poses.to_json(),
            "masks": [None if mask is None else list(mask) for mask in self.masks],
        }
