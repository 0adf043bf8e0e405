"""What a predictions file says, typed: boxes, their formats and the fields a detection may carry."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from yolozu.artifacts.prediction_formats import BoxFormat

SCHEMA_VERSION = 1

BOX_KEYS: dict[str, tuple[str, str, str, str]] = {
    "cxcywh_norm": ("cx", "cy", "w", "h"),
    "cxcywh_abs": ("cx", "cy", "w", "h"),
    "xywh_abs": ("x", "y", "w", "h"),
    "xyxy_abs": ("x1", "y1", "x2", "y2"),
}
"""Keys of ``bbox`` in each format, in the order of the columns here."""

assert tuple(BOX_KEYS) == get_args(BoxFormat)

LARGEST_CLASS_ID = 2**31 - 1
ROTATION_TOLERANCE = 2e-3
"""Largest deviation of an element of ``R Rᵀ`` from the identity: three decimals in a text file pass."""


@dataclass(frozen=True)
class NumberField:
    """A field of a detection: a number, or nested lists of numbers of a fixed shape.

    Attributes:
        name: key in the file.
        shape: ``()`` for a number, ``(3, 3)`` for three lists of three.
        low: smallest value, inclusive.
        high: largest value, inclusive.
        integer: whether only integers count as numbers here.
        meaning: what it is, with frame and unit.
    """

    name: str
    shape: tuple[int, ...]
    meaning: str
    low: float = -math.inf
    high: float = math.inf
    integer: bool = False


REQUIRED_FIELDS = (
    NumberField("class_id", (), "Category id of the data set.", 0, LARGEST_CLASS_ID, integer=True),
    NumberField("score", (), "Confidence.", 0.0, 1.0),
)

POSE_FIELDS = (
    NumberField("R", (3, 3), "Rotation from object model to camera, rows of the matrix."),
    NumberField("t_xyz", (3,), "Translation from object model to camera, metres."),
    NumberField("log_z", (), "Natural logarithm of the depth in metres, that of t_xyz."),
    NumberField("rot6d", (6,), "First, then second column of the rotation before Gram-Schmidt, of any length."),
    NumberField("offsets", (2,), "Shift from box center to projected object center, px of the model input."),
    NumberField("k_delta", (4,), "Intrinsics correction: dfx, dfy relative, dcx, dcy in px of the model input."),
)

SIGMA_PREFIX = "sigma_"
"""Fields so named are predicted uncertainties: a number of at least 0, or a list of them."""


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
