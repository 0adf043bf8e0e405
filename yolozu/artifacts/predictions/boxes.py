"""Boxes in every format of a predictions file."""

from __future__ import annotations

from typing import get_args

import numpy as np
from numpy.typing import NDArray

from yolozu.artifacts.prediction_formats import BoxFormat

BOX_KEYS: dict[str, tuple[str, str, str, str]] = {
    "cxcywh_norm": ("cx", "cy", "w", "h"),
    "cxcywh_abs": ("cx", "cy", "w", "h"),
    "xywh_abs": ("x", "y", "w", "h"),
    "xyxy_abs": ("x1", "y1", "x2", "y2"),
}
"""Keys of ``bbox`` in each format, in the order of the columns here."""

assert tuple(BOX_KEYS) == get_args(BoxFormat)


def boxes_to_cxcywh(boxes: NDArray[np.float64], bbox_format: BoxFormat) -> NDArray[np.float64]:
    """Boxes as center and size, in the unit they came in.

    Args:
        boxes: (N, 4), columns as in `BOX_KEYS`.
        bbox_format: their format.

    Returns:
        (N, 4) cxcywh.
    """
    if bbox_format in {"cxcywh_norm", "cxcywh_abs"}:
        return boxes
    first, second = boxes[:, :2], boxes[:, 2:]
    if bbox_format == "xywh_abs":
        return np.concatenate([first + second / 2, second], axis=1)
    return np.concatenate([(first + second) / 2, second - first], axis=1)


def boxes_between(
    boxes: NDArray[np.float64], given: BoxFormat, wanted: BoxFormat, sizes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Boxes in another format. Numbers that both formats share are not touched.

    Args:
        boxes: (N, 4), columns as in `BOX_KEYS`.
        given: their format.
        wanted: format of the result.
        sizes: (N, 2) width and height of the image, px; only read between normalized and px.

    Returns:
        (N, 4), columns as in `BOX_KEYS`.
    """
    if given == wanted:
        return boxes
    first, second = boxes[:, :2], boxes[:, 2:]
    if (given, wanted) == ("xywh_abs", "xyxy_abs"):
        return np.concatenate([first, first + second], axis=1)
    if (given, wanted) == ("xyxy_abs", "xywh_abs"):
        return np.concatenate([first, second - first], axis=1)
    centered = boxes_to_cxcywh(boxes, given)
    sides = np.concatenate([sizes, sizes], axis=1)
    if given == "cxcywh_norm":
        centered = centered * sides
    elif wanted == "cxcywh_norm":
        centered = centered / sides
    return _boxes_from_cxcywh(centered, wanted)


def _boxes_from_cxcywh(boxes: NDArray[np.float64], wanted: BoxFormat) -> NDArray[np.float64]:
    center, size = boxes[:, :2], boxes[:, 2:]
    if wanted == "xywh_abs":
        return np.concatenate([center - size / 2, size], axis=1)
    if wanted == "xyxy_abs":
        return np.concatenate([center - size / 2, center + size / 2], axis=1)
    return boxes
