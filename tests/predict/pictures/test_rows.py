"""A picture's detections in pixels, as JSON values and as label lines."""

import json

import numpy as np

from yolozu.predict.pictures.rows import boxes_xyxy_px, label_lines, picture_row
from yolozu.structures.classes import ClassTable
from yolozu.structures.predictions import ImagePredictions

CLASSES = ClassTable(("cup", "can"), (7, 3))
FOUND = ImagePredictions(
    image="a/1.jpg",
    width=200,
    height=100,
    class_ids=np.array([3, 9]),
    scores=np.array([0.75, 0.5]),
    boxes_cxcywh=np.array([[0.5, 0.5, 0.25, 0.5], [0.25, 0.25, 0.5, 0.5]]),
    poses={"t_xyz": np.array([[0.0, 0.0, 1.0], [np.nan] * 3])},
)


def test_boxes_are_corners_in_px():
    assert boxes_xyxy_px(FOUND).tolist() == [[75, 25, 125, 75], [0, 0, 100, 50]]


def test_a_row_says_everything_with_names():
    assert json.loads(json.dumps(picture_row(FOUND, {3: "can"}, "exif"))) == {
        "image": "a/1.jpg",
        "width": 200,
        "height": 100,
        "intrinsics": None,
        "intrinsics_from": "exif",
        "detections": [
            {"class_id": 3, "class_name": "can", "score": 0.75, "box_xyxy_px": [75, 25, 125, 75], "t_xyz": [0, 0, 1]},
            {"class_id": 9, "class_name": None, "score": 0.5, "box_xyxy_px": [0, 0, 100, 50]},
        ],
    }


def test_a_label_line_has_the_network_s_class_index_and_the_score():
    assert list(label_lines(FOUND.of(np.array([0])), CLASSES)) == ["1 0.500000 0.500000 0.250000 0.500000 0.750000"]
