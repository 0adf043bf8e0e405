"""Truth and predictions in one picture each."""

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.report.made import material_in
from yolozu.predict.pictures.drawing import color_of
from yolozu.report.drawn import draw_pair, jpeg_address, truth_of
from yolozu.structures.poses import PoseLabels


def pair_of(material, place, side):
    record, found = material.pairs[place]
    return draw_pair(record, found, material.names, material.index.classes.category_ids, side=side)


def test_both_pictures_have_the_size_and_boxes_in_the_color_of_their_class(tmp_path):
    pair = pair_of(material_in(tmp_path), 1, 320)
    assert pair.truth.size == pair.predicted.size == (320, 240)
    left, bottom = 20, 30  # of a box that begins at 40 px and ends at 110 px of 480
    assert np.asarray(pair.truth)[bottom, left].tolist() == list(color_of(7))
    assert np.asarray(pair.predicted)[bottom, left].tolist() == list(color_of(3))


def test_a_camera_is_made_smaller_with_its_picture(tmp_path):
    material = material_in(tmp_path)
    record, _ = material.pairs[0]
    labels = PoseLabels(
        K_4=np.array([100.0, 110.0, 320.0, 240.0]),
        K_true_4=None,
        R_m2c_N33=np.eye(3)[None],
        t_m2c_N3=np.array([[0.0, 0.0, 1.0]]),
        has_pose_N=np.array([True]),
        centers_px_N2=np.zeros((1, 2)),
        has_center_N=np.array([False]),
    )
    object.__setattr__(record, "poses", labels)
    truth = truth_of(record, material.index.classes.category_ids)
    assert truth.intrinsics == {"fx": 100.0, "fy": 110.0, "cx": 320.0, "cy": 240.0}
    assert truth.has_pose.tolist() == [True]
    pixels = np.asarray(pair_of(material, 0, 320).truth)
    assert pixels[120, 160].tolist() != [0, 90, 120]  # the axes begin in the middle


def test_crowd_regions_are_no_objects(tmp_path):
    material = material_in(tmp_path)
    record, _ = material.pairs[1]
    object.__setattr__(record, "is_crowd", np.array([True, False]))
    assert truth_of(record, (7, 3, 90)).class_ids.tolist() == [3]


def test_a_picture_in_the_page_is_a_jpeg():
    address = jpeg_address(Image.new("RGB", (30, 20), "red"))
    assert address.startswith("data:image/jpeg;base64,")
    read = Image.open(io.BytesIO(base64.b64decode(address.split(",")[1])))
    assert (read.format, read.size) == ("JPEG", (30, 20))


def is_drawn(pair):
    """Whether something is drawn in the middle; a JPEG's colors are nearly those that were painted."""
    return bool(np.abs(np.asarray(pair.predicted)[120, 160] - np.array([0, 90, 120])).max() > 20)


POSE = {"R": np.eye(3)[None], "t_xyz": np.array([[0.0, 0.0, 1.0]])}


@pytest.mark.parametrize(
    ("intrinsics", "drawn"),
    [
        ({"fx": 100.0, "fy": 100.0, "cx": 320.0, "cy": 240.0}, True),
        ([[100.0, 0.0, 320.0], [0.0, 100.0, 240.0], [0.0, 0.0, 1.0]], True),
        ([[100.0, 5.0, 320.0], [0.0, 100.0, 240.0], [0.0, 0.0, 1.0]], False),  # skewed: no pinhole
        (None, False),
    ],
)
def test_poses_are_drawn_through_a_camera_in_any_form_and_left_out_without_one(tmp_path, intrinsics, drawn):
    material = material_in(tmp_path)
    record, found = material.pairs[0]
    found = replace(found, intrinsics=intrinsics, poses=POSE)
    pair = draw_pair(record, found, material.names, material.index.classes.category_ids, side=320)
    assert is_drawn(pair) is drawn


def test_the_labels_camera_serves_predictions_without_one(tmp_path):
    material = material_in(tmp_path)
    record, found = material.pairs[0]
    object.__setattr__(record, "poses", replace(PoseLabels.none_of(1), K_4=np.array([100.0, 100.0, 320.0, 240.0])))
    found = replace(found, poses=POSE)
    pair = draw_pair(record, found, material.names, material.index.classes.category_ids, side=320)
    assert is_drawn(pair)


def test_the_box_in_space_is_drawn_around_objects_of_known_size(tmp_path):
    material = material_in(tmp_path)
    record, found = material.pairs[0]
    camera = {"fx": 100.0, "fy": 100.0, "cx": 320.0, "cy": 240.0}
    found = replace(found, intrinsics=camera, poses=POSE)
    sized = {int(found.class_ids[0]): np.array([[-0.1, -0.1, -0.1], [0.1, 0.1, 0.1]])}
    ids = material.index.classes.category_ids
    plain, boxed = (draw_pair(record, found, material.names, ids, side=320, extents=by) for by in ({}, sized))
    assert (np.asarray(plain.predicted) != np.asarray(boxed.predicted)).any()
