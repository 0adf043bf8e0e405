"""Boxes that are most likely slips of whoever drew them, or too small for the network to see."""

# Shapes: O objects, M pairs of them.

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from yolozu.data.checking.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from yolozu.data.checking.looked_at import LookedAt
    from yolozu.data.object_table import ObjectTable

EXTREME_RATIO = 20.0
"""Longer over shorter side of a box; the longest of 1827 boxes of 256 photos of COCO has 15."""
SAME_IOU = 0.95
"""Boxes of one class that cover more of each other are one object; in those photos, the most are two with 0.89."""
SAME_BOX = 1e-5
"""What differs by less, as fractions of the image, is the error `duplicate_instance`."""
WHOLE = 0.98
"""Share of the picture that a box of the whole picture covers."""
MANY, MANY_SHARE = 5, 0.2
"""So many boxes of the whole picture, and so large a part of all, are no accident."""


def box_below_a_pixel(looked_at: LookedAt) -> Iterator[Violation]:
    """Boxes whose shorter side is less than a pixel of the network input."""
    table, side = looked_at.table, looked_at.image_size_px
    scale_O = side / table.sizes_px_O2.max(axis=1, initial=1.0)
    for place in np.flatnonzero(table.box_sizes_px.min(axis=1, initial=np.inf) * scale_O < 1.0):
        width, height = table.box_sizes_px[place] * scale_O[place]
        yield _violation(table, place, f"box is {width:.3g}×{height:.3g} px at an image_size of {side}")


def extreme_aspect_ratio(looked_at: LookedAt) -> Iterator[Violation]:
    """Boxes that are many times longer than wide."""
    table = looked_at.table
    longer_O, shorter_O = table.box_sizes_px.max(axis=1, initial=0.0), table.box_sizes_px.min(axis=1, initial=np.inf)
    for place in np.flatnonzero(longer_O >= EXTREME_RATIO * shorter_O):
        width, height = table.box_sizes_px[place]
        ratio = longer_O[place] / shorter_O[place]
        yield _violation(table, place, f"box of {width:.3g}×{height:.3g} px is {ratio:.0f} times as long as wide")


def whole_image_boxes(looked_at: LookedAt) -> Iterator[Violation]:
    """Splits many of whose boxes cover the whole picture."""
    table = looked_at.table
    whole_O = (table.boxes_cxcywh_O4[:, 2:] >= WHOLE).all(axis=1)
    for number in range(len(looked_at.survey.splits)):
        in_split_O = table.split_O == number
        places, total = np.flatnonzero(whole_O & in_split_O), np.count_nonzero(in_split_O)
        if len(places) >= MANY and len(places) >= MANY_SHARE * total:
            problem = f"box covers the whole picture, as do {len(places)} of the {total} boxes of this split"
            yield _violation(table, places[0], problem)


def overlapping_boxes(looked_at: LookedAt) -> Iterator[Violation]:
    """Boxes of one class that cover nearly the same."""
    table = looked_at.table
    pairs_2M = _pairs(table)
    boxes_2M4 = table.boxes_cxcywh_O4[pairs_2M]
    iou_M = _iou(boxes_2M4)
    differs_M = np.abs(boxes_2M4[0] - boxes_2M4[1]).max(axis=1, initial=0.0) > SAME_BOX
    for first, second, iou in zip(
        *pairs_2M[:, differs_M & (iou_M > SAME_IOU)], iou_M[differs_M & (iou_M > SAME_IOU)], strict=True
    ):
        name = looked_at.survey.classes.names[table.class_O[second]]
        problem = f"box covers nearly the same as {table.rows[first][2].where} (IoU {iou:.2f}), and both are {name!r}"
        yield _violation(table, second, problem)


def _pairs(table: ObjectTable) -> NDArray[np.int64]:
    """(2, M) objects of one class in one image, in the order of the labels."""
    order = np.lexsort((table.class_O, table.image_O))
    keys = np.stack([table.image_O[order], table.class_O[order]])
    starts, found = np.arange(len(order)), [np.zeros((2, 0), np.int64)]
    for step in range(1, len(order)):
        starts = starts[starts + step < len(order)]
        starts = starts[(keys[:, starts] == keys[:, starts + step]).all(axis=0)]
        if not starts.size:
            break
        found.append(np.stack([order[starts], order[starts + step]]))
    pairs_2M = np.concatenate(found, axis=1)
    return pairs_2M[:, np.lexsort(pairs_2M[::-1])]


def _iou(boxes_2M4: NDArray[np.float64]) -> NDArray[np.float64]:
    """(M,) of boxes cxcywh; as a ratio of areas it is the same in px and in fractions of the image."""
    low_2M2, high_2M2 = boxes_2M4[..., :2] - boxes_2M4[..., 2:] / 2, boxes_2M4[..., :2] + boxes_2M4[..., 2:] / 2
    shared_M = np.clip(high_2M2.min(axis=0) - low_2M2.max(axis=0), 0.0, None).prod(axis=1)
    union_M = boxes_2M4[..., 2:].prod(axis=2).sum(axis=0) - shared_M
    found: NDArray[np.float64] = shared_M / union_M
    return found


def _violation(table: ObjectTable, place: np.intp | int, problem: str) -> Violation:
    split, image, instance = table.rows[int(place)]
    return Violation(split.name, image, instance.where, problem, instance)
