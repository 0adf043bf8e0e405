"""Formulas between what a network says and poses, alike for numbers, arrays and tensors."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from yolozu.geometry.camera import intrinsics_matrix, project
from yolozu.geometry.pose import back_projected, corrected_intrinsics, gram_schmidt, normalized_focal

KINDS = {"numbers": lambda value: value, "numpy": np.float64, "torch": lambda value: torch.tensor(value).double()}

focals = st.floats(50, 5000)
centers = st.floats(-100, 2000)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_correction_is_relative_for_focal_lengths_and_in_px_for_the_principal_point(kind):
    fx, fy, cx, cy = (kind(value) for value in (100.0, 200.0, 30.0, 40.0))
    dfx, dfy, dcx, dcy = (kind(value) for value in (0.1, -0.05, 2.0, -3.0))
    found = corrected_intrinsics(fx, fy, cx, cy, dfx=dfx, dfy=dfy, dcx=dcx, dcy=dcy)
    assert [float(value) for value in found] == pytest.approx([110.0, 190.0, 32.0, 37.0])


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_normalized_focal_length_by_hand(kind):
    found = normalized_focal(kind(400.0), kind(225.0), width=kind(200.0), height=kind(50.0))
    assert float(found) == pytest.approx(math.sqrt(400.0 * 225.0 / (200.0 * 50.0)))


def test_the_normalized_focal_length_is_that_of_the_picture_however_large_it_is_scaled():
    assert normalized_focal(500.0, 510.0, width=640, height=480) == pytest.approx(
        normalized_focal(250.0, 255.0, width=320, height=240)
    )


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_pixel_at_a_depth_is_one_point(kind):
    # 20 px right of and 30 px above the principal point, at 2 m
    u, v, z = (kind(value) for value in (120.0, 50.0, 2.0))
    found = back_projected(u, v, z, fx=kind(100.0), fy=kind(150.0), cx=kind(100.0), cy=kind(80.0))
    assert [float(value) for value in found] == pytest.approx([0.4, -0.4, 2.0])


@settings(max_examples=50, deadline=None)
@given(st.tuples(focals, focals, centers, centers), st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.floats(0.05, 20)))
def test_projecting_and_going_back_gives_the_point(camera, point):
    (fx, fy, cx, cy), (x, y, z) = camera, point
    ((u, v),) = project(np.array([[x, y, z]]), intrinsics_matrix(fx, fy, cx, cy))
    assert back_projected(u, v, z, fx=fx, fy=fy, cx=cx, cy=cy) == pytest.approx((x, y, z), abs=1e-9)


def test_columns_are_orthonormal_and_right_handed_and_the_first_keeps_its_direction():
    first, second = np.random.default_rng(0).normal(size=(2, 50, 3))
    x, y, z = gram_schmidt(first, second)
    R_N33 = np.stack([x, y, z], axis=-1)
    np.testing.assert_allclose(R_N33.transpose(0, 2, 1) @ R_N33, np.broadcast_to(np.eye(3), (50, 3, 3)), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(R_N33), 1.0, atol=1e-12)
    np.testing.assert_allclose(x, first / np.linalg.norm(first, axis=-1, keepdims=True), atol=1e-12)
    assert ((y * second).sum(-1) > 0).all()


def test_columns_by_hand():
    x, y, z = gram_schmidt(np.array([0.0, 0.0, 3.0]), np.array([5.0, 0.0, 7.0]))
    np.testing.assert_allclose([x, y, z], [[0, 0, 1], [1, 0, 0], [0, 1, 0]], atol=1e-15)


def test_arrays_and_tensors_give_the_same_columns():
    first, second = np.random.default_rng(1).normal(size=(2, 4, 5, 3))
    arrays = gram_schmidt(first, second)
    tensors = gram_schmidt(torch.from_numpy(first), torch.from_numpy(second))
    for array, tensor in zip(arrays, tensors, strict=True):
        np.testing.assert_allclose(tensor.numpy(), array, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("second", [[0.0, 0.0, 0.0], [2.0, 4.0, 6.0]], ids=["zero", "parallel"])
def test_degenerate_vectors_give_numbers(second):
    for first in ([0.0, 0.0, 0.0], [1.0, 2.0, 3.0]):
        assert np.isfinite(gram_schmidt(np.array(first), np.array(second))).all()
