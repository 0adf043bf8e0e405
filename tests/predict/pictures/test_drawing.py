"""What is drawn where."""

from itertools import pairwise

import numpy as np
import pytest

from yolozu.predict.pictures.drawing import AXES, color_of, draw_detections
from yolozu.structures.predictions import ImagePredictions

CAMERA = {"fx": 100.0, "fy": 100.0, "cx": 100.0, "cy": 100.0}


def drawn(boxes, *, poses=None, camera=None, names=None, extents=None):
    count = len(boxes)
    found = ImagePredictions(
        "x", 200, 200, np.arange(count), np.linspace(0.9, 0.5, count), np.array(boxes, float),
        intrinsics=camera, poses={} if poses is None else poses,
    )  # fmt: skip
    image_HW3 = np.zeros((200, 200, 3), np.uint8)
    image = draw_detections(image_HW3, found, names or {}, extents=extents or {})
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


def test_the_label_of_a_box_that_reaches_above_the_picture_is_whole():
    pixels = drawn([[0.5, 0.25, 0.5, 1.0]], names={0: "cup"})
    assert pixels[:10, 60:80].any()


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


def test_a_known_extent_is_drawn_as_a_box_in_space():
    poses = {"R": np.eye(3)[None], "t_xyz": np.array([[0.0, 0.0, 2.0]])}
    extent = np.array([[-0.8, -0.4, -1.0], [0.8, 0.4, 2.0]])
    pixels = drawn([[0.5, 0.5, 0.1, 0.1]], poses=poses, camera=CAMERA, extents={0: extent})
    near, far = (20, 60), (80, 90)  # left and upper edge of the faces at 1 m and at 4 m
    for x, y in (near, far):
        for point in ((x, 105), (200 - x, 105), (95, y), (95, 200 - y)):
            assert pixels[point[1], point[0]].tolist() == list(color_of(0)), point
    assert pixels[(60 + 90) // 2, (20 + 80) // 2].tolist() == list(color_of(0))  # an edge from face to face
    assert not pixels[50].any()
    assert not drawn([[0.5, 0.5, 0.1, 0.1]], poses=poses, camera=CAMERA, extents={1: extent})[60].any()


def test_a_box_that_reaches_behind_the_camera_is_not_drawn():
    poses = {"R": np.eye(3)[None], "t_xyz": np.array([[0.0, 0.0, 2.0]])}
    extent = np.array([[-1.0, -1.0, -2.0], [1.0, 1.0, 1.0]])
    pixels = drawn([[0.5, 0.5, 0.1, 0.1]], poses=poses, camera=CAMERA, extents={0: extent})
    assert not pixels[:60].any()


def test_an_axis_behind_the_camera_is_not_drawn():
    turned = np.array([[[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]]])
    poses = {"R": turned, "t_xyz": np.array([[0.0, 0.0, 0.001]])}
    pixels = drawn([[0.5, 0.5, 2.4, 0.4]], poses=poses, camera={**CAMERA, "fx": 1.0})
    assert pixels[130, 100].tolist() != list(AXES[1])


def test_neighboring_categories_look_different():
    colors = [np.array(color_of(category)) for category in range(91)]
    assert min(np.abs(one - other).max() for one, other in pairwise(colors)) > 60
