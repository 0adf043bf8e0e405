"""Detections of a picture in pixels and with names, as JSON values and as lines of a label file."""

# Shapes: N detections of the picture.

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolozu.artifacts.predictions.boxes import boxes_between
from yolozu.structures.classes import ClassTable
from yolozu.structures.predictions import ImagePredictions


def boxes_xyxy_px(predictions: ImagePredictions) -> NDArray[np.float64]:
    """(N, 4) left, top, right, bottom in px of the picture, pixel borders counted from 0."""
    assert predictions.width is not None, "the size of a picture that was read is known"
    assert predictions.height is not None, "likewise"
    sizes_N2 = np.tile(np.array([predictions.width, predictions.height], np.float64), (len(predictions), 1))
    return boxes_between(predictions.boxes_cxcywh, "cxcywh_norm", "xyxy_abs", sizes_N2)


def picture_row(predictions: ImagePredictions, names: Mapping[int, str], camera: str | None = None) -> dict[str, Any]:
    """A picture and its detections as JSON values, each with everything that reading it needs.

    Args:
        predictions: of the picture.
        names: category id -> name; of an id without one ``class_name`` is null.
        camera: how its camera is known; None where it is not.
    """
    rows = zip(
        predictions.class_ids.tolist(),
        predictions.scores.tolist(),
        boxes_xyxy_px(predictions).tolist(),
        predictions.fields(),
        strict=True,
    )
    return {
        "image": predictions.image,
        "width": predictions.width,
        "height": predictions.height,
        "intrinsics": predictions.intrinsics,
        "intrinsics_from": camera,
        "detections": [
            {"class_id": category, "class_name": names.get(category), "score": score, "box_xyxy_px": box, **fields}
            for category, score, box, fields in rows
        ],
    }


def label_lines(predictions: ImagePredictions, classes: ClassTable) -> Iterator[str]:
    """Lines of a YOLO label file: class index, center x, center y, width and height (normalized), and the score."""
    index_of = {category: index for index, category in enumerate(classes.category_ids)}
    rows = zip(
        predictions.class_ids.tolist(), predictions.boxes_cxcywh.tolist(), predictions.scores.tolist(), strict=True
    )
    for category, box, score in rows:
        yield f"{index_of[category]} {' '.join(f'{value:.6f}' for value in (*box, score))}"
