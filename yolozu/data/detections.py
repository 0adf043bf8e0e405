"""Detections in the frame of the network input -> predictions on the original image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from yolozu.artifacts.predictions import ImagePredictions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from yolozu.artifacts.classes import ClassTable
    from yolozu.data.index import ImageRecord
    from yolozu.data.placement import Placement


def on_original_image(
    record: ImageRecord,
    placement: Placement,
    classes: ClassTable,
    *,
    class_indices: NDArray[np.integer[Any]],
    scores: NDArray[np.floating[Any]],
    boxes_cxcywh: NDArray[np.floating[Any]],
) -> ImagePredictions:
    """Predictions of one image; what lies wholly in the letterbox's border is on no image and left out.

    Args:
        record: the image.
        placement: where it lies in the network input.
        classes: what the network's classes are.
        class_indices: (N,) network class index.
        scores: (N,) in [0, 1].
        boxes_cxcywh: (N, 4) normalized to the network input.
    """
    boxes_N4 = placement.boxes_to_original(boxes_cxcywh.astype(np.float64))
    inside_N = (boxes_N4[:, 2:] > 0.0).all(axis=1)
    category_ids = np.asarray(classes.category_ids, dtype=np.int64)
    return ImagePredictions(
        image=record.image,
        width=record.width,
        height=record.height,
        class_ids=category_ids[class_indices[inside_N]],
        scores=scores[inside_N].astype(np.float64),
        boxes_cxcywh=boxes_N4[inside_N],
    )
