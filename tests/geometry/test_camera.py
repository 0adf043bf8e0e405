from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolozu.geometry.camera import intrinsics_matrix, look_at, project, rotation_about_z, transform

K_33 = intrinsics_matrix(200.0, 300.0, 50.0, 40.0)
COORDINATES = st.floats(-3, 3)


def test_known_points_appear_where_they_should():
    points = np.array([[0.0, 0.0, 2.0], [1.0, 0.0, 2.0], [0.0, 1.0, 2.0]])
    np.testing.assert_allclose(project(points, K_33), [[50, 40], [150, 40], [50, 190]])


def test_a_point_in_the_plane_of_the_camera_appears_nowhere():
    assert not np.isfinite(project(np.array([[1.0, 1.0, 0.0]]), K_33)).any()


def test_a_quarter_turn_takes_x_to_y():
    turned = transform(np.array([[1.0, 0.0, 5.0]]), rotation_about_z(np.pi / 2), np.array([0.0, 0.0, 1.0]))
    np.testing.assert_allclose(turned, [[0.0, 1.0, 6.0]], atol=1e-12)


@given(COORDINATES, COORDINATES, st.floats(0.1, 3), st.floats(-3, 3))
def test_a_camera_sees_its_target_in_the_middle_and_up_as_up(x, y, z, roll):
    eye, target = np.array([x + 4.0, y, z]), np.array([x, y, 0.0])
    R_w2c, t_w2c = look_at(eye, target, roll=roll)
    np.testing.assert_allclose(R_w2c @ R_w2c.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(R_w2c) == pytest.approx(1.0)
    np.testing.assert_allclose(transform(eye[None], R_w2c, t_w2c), 0, atol=1e-9)
    seen = transform(target[None], R_w2c, t_w2c)[0]
    np.testing.assert_allclose(seen, [0, 0, np.linalg.norm(target - eye)], atol=1e-9)
    level, offset = look_at(eye, target)
    above = transform(np.array([[x, y, 0.1]]), level, offset)[0]
    assert above[0] == pytest.approx(0, abs=1e-9)
    assert above[1] < 0


def test_roll_turns_the_camera_clockwise_as_it_looks():
    eye, target = np.array([1.0, 0.0, 1.0]), np.zeros(3)
    R_w2c, t_w2c = look_at(eye, target, roll=0.3)
    above = transform(np.array([[0.0, 0.0, 0.1]]), R_w2c, t_w2c)[0]
    assert above[0] < 0  # the camera turns clockwise, so the picture turns the other way
