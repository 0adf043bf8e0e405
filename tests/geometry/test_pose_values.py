from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolozu.geometry.pose_values import camera, matrix, number, numbers, vector

K = (100.0, 110.0, 32.0, 24.0)
K_33 = [[100.0, 0.0, 32.0], [0.0, 110.0, 24.0], [0.0, 0.0, 1.0]]
FLAT = [entry for row in K_33 for entry in row]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=10) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "form",
    [
        list(K),
        {"fx": 100, "fy": 110, "cx": 32, "cy": 24},
        K_33,
        FLAT,
        {"camera_matrix": K_33},
        {"camera_matrix": {"rows": 3, "cols": 3, "dt": "d", "data": FLAT}},
        {"camera_matrix": FLAT, "distortion_coefficients": {"rows": 1, "cols": 5, "data": [0, 0, 0, 0, 0]}},
    ],
)
def test_every_form_of_a_camera_is_the_same_camera(form):
    assert camera(form) == K


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ([100, 110, 32], "must be 3 numbers, is 100"),
        ("K", "is no camera: write [fx, fy, cx, cy], {fx, fy, cx, cy}, a 3×3 matrix, its 9 entries, or OpenCV's "),
        ({"fx": 1, "fy": 1}, "is no camera: write"),
        ([0, 110, 32, 24], "has focal lengths 0 and 110; they are above 0"),
        ([100, -110, 32, 24], "has focal lengths 100 and -110; they are above 0"),
        ([1e-300, 110, 32, 24], "has focal lengths 1e-300 and 110; they are above 0"),
        ({"camera_matrix": {"camera_matrix": FLAT}}, "is no camera: write"),
        ([[100, 2, 32], [0, 110, 24], [0, 0, 1]], "has skew 2; only cameras without skew are known here"),
        ([[100, 0, 0], [0, 110, 0], [32, 24, 1]], "is no camera matrix: its entries below the diagonal are 0"),
        ([100, 0, 32, 0, 110, 24, 0, 0, 2], "is no camera matrix"),
        ({"camera_matrix": FLAT, "dist_coeffs": [0.1, 0, 0, 0]}, "has lens distortion; undistort the images"),
        ({"camera_matrix": FLAT, "dist_coeffs": [[0.1, 0, 0, 0]]}, "has lens distortion"),
    ],
)
def test_what_is_no_pinhole_camera_is_refused(form, problem):
    with pytest.raises(ValueError) as refused:
        camera(form)
    assert problem in str(refused.value)


def test_matrices_are_read_row_after_row():
    assert matrix([1, 2, 3, 4, 5, 6, 7, 8, 9]) == matrix([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    assert matrix([1, 2, 3, 4, 5, 6, 7, 8, 9])[0] == (1.0, 2.0, 3.0)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ([1, 2], "must be 3 numbers, is a list of 2"),
        ("1 2 3", "must be 3 numbers, is '1 2 3'"),
        ([1, 2, True], "True is no finite number"),
        ([1, 2, None], "None is no finite number"),
        ([1, 2, float("inf")], "inf is no finite number"),
        ([1, float("nan"), 3], "nan is no finite number"),
        ([1, "2", 3], "'2' is no finite number"),
        ([1, -1e305, 3], "-1e+305 is too large"),
        ([1, 10**400, 3], "1000000000000000000000000000000000000000 is no finite number"),
    ],
)
def test_only_finite_numbers_are_numbers(value, problem):
    with pytest.raises(ValueError) as refused:
        vector(value)
    assert str(refused.value) == problem


def test_whole_numbers_beyond_all_floats_are_refused():
    with pytest.raises(ValueError, match="is no finite number"):
        numbers([10**400, 0], 2)
    assert number(7) == 7.0


@pytest.mark.slow
@given(json_values)
def test_no_value_of_json_does_worse_than_be_refused(value):
    for parse in (camera, matrix, vector, number):
        with suppress(ValueError):
            parse(value)


@pytest.mark.parametrize("value", [[1, 2, 3], [[1], [2], [3]], [[1, 2, 3]]])
def test_a_vector_may_be_a_row_or_a_column(value):
    assert vector(value) == (1.0, 2.0, 3.0)


@pytest.mark.parametrize("value", [[], [[1, 2], [3]], [[1], [2]], [[1], 2, 3], [[[1]], [[2]], [[3]]]])
def test_what_is_no_vector_is_refused(value):
    with pytest.raises(ValueError, match=r"must be 3 numbers|is no finite number"):
        vector(value)
