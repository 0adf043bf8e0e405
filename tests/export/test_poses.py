from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from yolozu.export.poses import InputCamera, moved_mm, pair_differences, query_differences, turned_deg
from yolozu.structures.detections import RawDetections, RawPoses

CAMERA = InputCamera(np.array([100.0, 100.0, 50.0, 50.0]), 100, 100, known=True)
BOXES = np.array([[0.5, 0.5, 0.1, 0.1], [0.25, 0.75, 0.2, 0.2]])
# Depths of 0.5 m and 4 m: the normalized focal length is 1.
POSES = RawPoses(
    np.log([0.5, 4.0]), np.array([[1.0, 0, 0, 0, 1, 0], [0, 3.0, 0, 0, 0, 2.0]]), np.zeros((2, 2)), np.zeros(4)
)


def test_equal_poses_do_not_differ():
    turned, moved = query_differences(BOXES, POSES, POSES, CAMERA)
    assert turned.tolist() == pytest.approx([0.0, 0.0])
    assert {name: values.tolist() for name, values in moved.items()} == {
        "pred_log_z": [0.0, 0.0],
        "pred_offsets": [0.0, 0.0],
        "pred_k_delta": [0.0, 0.0],
    }


def test_the_length_of_six_numbers_is_no_difference():
    assert turned_deg(POSES, replace(POSES, rot6d_N6=7.0 * POSES.rot6d_N6)) == pytest.approx([0.0, 0.0])


def test_swapped_columns_turn_an_object():
    swapped = replace(POSES, rot6d_N6=np.roll(POSES.rot6d_N6, 3, axis=1))
    assert turned_deg(POSES, swapped) == pytest.approx([180.0, 180.0])


def test_each_output_is_charged_with_what_it_does_alone():
    other = replace(POSES, log_z_N=POSES.log_z_N + 1e-3, offsets_px_N2=np.tile([0.01, 0.0], (2, 1)))
    turned, moved = query_differences(BOXES, POSES, other, CAMERA)
    assert turned == pytest.approx([0.0, 0.0])
    # 0.01 px at a focal length of 100 px and 0.5 m is 0.05 mm; beyond 1 m, per metre of depth.
    assert moved["pred_offsets"] == pytest.approx([0.05, 0.1])
    # 0.1 percent of 0.5 m in the middle; of (-1, 1, 4) m, over 4.
    assert moved["pred_log_z"] == pytest.approx([0.5, math.hypot(1, 1, 4) / 4], rel=1e-3)
    assert moved["pred_k_delta"] == pytest.approx([0.0, 0.0])


def test_a_shift_of_the_principal_point_moves_objects_to_the_side():
    other = replace(POSES, k_delta_4=np.array([0.0, 0.0, 1.0, 0.0]))
    _, moved = query_differences(BOXES, POSES, other, CAMERA)
    assert moved["pred_k_delta"] == pytest.approx([5.0, 10.0])


def test_pairs_are_compared_whatever_their_order():
    scores, classes = np.array([0.9, 0.8]), np.array([0, 0])
    first = RawDetections(scores, classes, BOXES, POSES)
    order = np.array([1, 0])
    moved = replace(POSES.of(order), offsets_px_N2=np.array([[0.0, 0.0], [0.02, 0.0]]))
    second = RawDetections(scores, classes, BOXES[order], moved)
    rot_deg, t_mm = pair_differences(first, second, np.array([[0, 1], [1, 0]]), CAMERA)
    assert rot_deg == pytest.approx([0.0, 0.0])
    assert t_mm == pytest.approx([0.1, 0.0])
    nothing = pair_differences(first, second, np.empty((0, 2), dtype=np.intp), CAMERA)
    assert [values.shape for values in nothing] == [(0,), (0,)]


def test_translations_that_are_no_numbers_differ_by_no_number():
    assert np.isnan(moved_mm(np.array([[np.inf, 0, np.inf]]), np.array([[np.inf, 0, np.inf]]))).all()


def test_the_stand_in_looks_at_the_middle_with_a_focal_length_of_the_width():
    camera = InputCamera.stand_in(96, 64)
    assert (camera.K_4.tolist(), camera.width, camera.height, camera.known) == ([96, 96, 48, 32], 96, 64, False)
    (t_3,) = camera.translations(np.full((1, 4), 0.5), POSES.of(np.array([0])))
    assert t_3 == pytest.approx([0.0, 0.0, 0.5 * math.sqrt(96 / 64)])
