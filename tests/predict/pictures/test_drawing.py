"""What is drawn where."""

from itertools import pairwise

import numpy as np
import pytest

from yolozu.predict.pictures.drawing import AXES, color_of, draw_detections
from yolozu.structures.predictions import ImagePredictions

CAMERA = {"fx": 100.0, "fy": 100.0, "cx": 100.0, "cy": 100.0}


def drawn(boxes, *, poses=None, camera=None, names=None):
    count = len(boxes)
    found = ImagePredictions(
        "x", 200, 200, np.arange(count), np.linspace(0.9, 0.5, count), np.array(boxes, float),
        intrinsics=camera, poses={} if poses is None else poses,
    )  # fmt: skip
    image_HW3 = np.zeros((200, 200, 3), np.uint8)
    image = draw_detections(image_HW3, found, names or {})
    assert not image_HW3.any()
    return np.asarray(image)


def test_nothing_found_leaves_the_picture_as_it_is():
    assert not drawn(np.zeros((0, 4))).any()


def test_a_box_has_its_category_s_color_on_its_border_and_its_label_above():
    pixels = drawn([[0.5, 0.5, 0.5, 0.5]], names={0: "cup"})
    color = list(color_of(0))
    assert pixels[50, 150 - 1].tolist() == pixels[149, 100].tolist() == pixels[100, 50].tolist() == color
    assert not pixels[100, 100].any()
    assert not pixels[100, 151].any()
    assert pixels[36, 60:80].any()  # above the box
    assert not pixels[10:30].any()


@pytest.mark.parametrize("box", [[0.5, 0.02, 0.5, 0.04], [0.98, 0.5, 0.04, 0.5], [0.5, 0.5, 0.0, 0.0]])
def test_labels_stay_inside_and_boxes_without_extent_are_drawn(box):
    assert drawn([box], names={0: "a long\nname\x1b[31m"}).any()


def test_the_best_lies_on_top():
    pixels = drawn([[0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5]])
    assert pixels[149, 100].tolist() == list(color_of(0))


def test_axes_start_in_the_origin_and_are_half_as_long_as_the_box_is_wide():
    poses = {"R": np.eye(3)[None], "t_xyz": np.array([[0.0, 0.0, 2.0]])}
    pixels = drawn([[0.5, 0.5, 0.4, 0.4]], poses=poses, camera=CAMERA)
    assert pixels[100, 130].tolist() == list(AXES[0])  # 40 px to the right
    assert pixels[130, 100].tolist() == list(AXES[1])  # y points down
    assert not pixels[100, 145].any()


def test_an_axis_behind_the_camera_is_not_drawn():
    turned = np.array([[[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]]])
    poses = {"R": turned, "t_xyz": np.array([[0.0, 0.0, 0.001]])}
    pixels = drawn([[0.5, 0.5, 2.4, 0.4]], poses=poses, camera={**CAMERA, "fx": 1.0})
    assert pixels[130, 100].tolist() != list(AXES[1])


def test_neighboring_categories_look_different():
    colors = [np.array(color_of(category)) for category in range(91)]
    assert min(np.abs(one - other).max() for one, other in pairwise(colors)) > 60
