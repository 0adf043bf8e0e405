from __future__ import annotations

import numpy as np
import pytest

from yolozu.artifacts.predictions.boxes import boxes_between, boxes_to_cxcywh


@pytest.mark.parametrize(
    ("bbox_format", "box"),
    [
        ("cxcywh_norm", (0.5, 0.25, 0.5, 0.125)),
        ("cxcywh_abs", (0.5, 0.25, 0.5, 0.125)),
        ("xywh_abs", (0.25, 0.1875, 0.5, 0.125)),
        ("xyxy_abs", (0.25, 0.1875, 0.75, 0.3125)),
    ],
)
def test_every_format_becomes_center_and_size(bbox_format, box):
    assert boxes_to_cxcywh(np.array([box]), bbox_format).tolist() == [[0.5, 0.25, 0.5, 0.125]]


SIZES = np.array([[640.0, 480.0]])
BOX_IN_EACH_FORMAT = {
    "cxcywh_norm": [0.25, 0.5, 0.125, 0.25],
    "cxcywh_abs": [160.0, 240.0, 80.0, 120.0],
    "xywh_abs": [120.0, 180.0, 80.0, 120.0],
    "xyxy_abs": [120.0, 180.0, 200.0, 300.0],
}


@pytest.mark.parametrize("given", BOX_IN_EACH_FORMAT)
@pytest.mark.parametrize("wanted", BOX_IN_EACH_FORMAT)
def test_one_box_in_every_format(given, wanted):
    found = boxes_between(np.array([BOX_IN_EACH_FORMAT[given]]), given, wanted, SIZES)
    assert found.tolist() == [BOX_IN_EACH_FORMAT[wanted]]


def test_what_two_formats_share_stays_to_the_last_digit():
    boxes = np.array([[0.1, 0.2, 0.3, 0.7]])
    corners = boxes_between(boxes, "xywh_abs", "xyxy_abs", SIZES)
    assert corners[0, :2].tolist() == [0.1, 0.2]
    assert boxes_between(boxes, "xyxy_abs", "xywh_abs", SIZES)[0, :2].tolist() == [0.1, 0.2]
    assert boxes_between(boxes, "cxcywh_abs", "xywh_abs", SIZES)[0, 2:].tolist() == [0.3, 0.7]
