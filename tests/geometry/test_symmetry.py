from __future__ import annotations

import math

import numpy as np
import pytest

from yolozu.geometry.symmetry import symmetries_of_info, symmetries_of_text, symmetries_of_value, turn

HALF_Z = np.diag([-1.0, -1.0, 1.0])


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("none", 1),
        ("z/2", 2),
        ("x/5", 5),
        ("x/2 z/2", 4),
        ("z/2 x/2 y/2", 4),
        ("z/4 x/2", 8),
        ("x/4 z/4", 24),
        ("z/64", 64),
    ],
)
def test_generators_make_the_whole_group(text, count):
    found = symmetries_of_text(text)
    assert found.rotations_S33.shape == (count, 3, 3)
    np.testing.assert_array_equal(found.rotations_S33[0], np.eye(3))
    np.testing.assert_array_equal(found.translations_S3, np.zeros((count, 3)))
    assert found.axis_3 is None
    for first in found.rotations_S33:
        assert np.linalg.det(first) == pytest.approx(1.0)
        for second in found.rotations_S33:
            assert (np.abs(found.rotations_S33 - first @ second).max(axis=(1, 2)) < 1e-6).sum() == 1


def test_any_turn_is_an_axis_and_turning_it_around_doubles_it():
    assert symmetries_of_text("y").axis_3.tolist() == [0.0, 1.0, 0.0]
    assert len(symmetries_of_text("z z/2").rotations_S33) == 1
    tin = symmetries_of_text("z x/2 z/3 y/2")
    assert (tin.axis_3.tolist(), len(tin.rotations_S33)) == ([0.0, 0.0, 1.0], 2)
    np.testing.assert_allclose(tin.rotations_S33[1] @ tin.axis_3, -tin.axis_3, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("z/64 x/2", "stands for more than 64 turns; name fewer, or any turn about one axis"),
        ("z/5 x/5", "stands for more than 64 turns"),
        ("w/2", "'w/2' is no symmetry: write z for any turn, z/2 for a half turn, or none"),
        ("z/1", "'z/1' is no symmetry"),
        ("z/", "'z/' is no symmetry"),
        ("z/-2", "'z/-2' is no symmetry"),
    ],
)
def test_what_is_no_symmetry_is_refused(text, problem):
    with pytest.raises(ValueError) as refused:
        symmetries_of_text(text)
    assert str(refused.value).startswith(problem)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_turns_go_counterclockwise(axis):
    first, second = np.eye(3)[(axis + 1) % 3], np.eye(3)[(axis + 2) % 3]
    np.testing.assert_allclose(turn(axis, math.pi / 2) @ first, second, atol=1e-15)


def test_a_sidecar_may_list_rotations_motions_and_an_axis():
    motion = [[-1, 0, 0, 0.2], [0, -1, 0, 0.1], [0, 0, 1, 0], [0, 0, 0, 1]]
    found = symmetries_of_value([np.eye(3).tolist(), HALF_Z.ravel().tolist(), motion, {"axis": [0, 0, 2]}])
    np.testing.assert_array_equal(found.rotations_S33, [np.eye(3), HALF_Z, HALF_Z])
    np.testing.assert_array_equal(found.translations_S3, [[0, 0, 0], [0, 0, 0], [0.2, 0.1, 0]])
    assert (found.axis_3.tolist(), found.offset_3.tolist()) == ([0, 0, 1], [0, 0, 0])
    assert symmetries_of_value({"axis": [1, 0, 0], "offset": [0, 0.1, 0]}).offset_3.tolist() == [0, 0.1, 0]
    assert symmetries_of_value([]).trivial
    assert len(symmetries_of_value("z/2").rotations_S33) == 2


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (7, "must be a text such as z/2, or a list of rotations"),
        ([7], "a symmetry is a 3×3 rotation or a 4×4 motion"),
        ([[1, 0, 0, 0, 1, 0, 0, 0, "1"]], "'1' is no finite number"),
        ([[1, 0, 0, 0, 1, 0, 0, 0, -1]], "holds a matrix that is no rotation"),
        ([[2, 0, 0, 0, 2, 0, 0, 0, 2]], "holds a matrix that is no rotation"),
        ([[1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2]], "the last row of a 4×4 motion is 0 0 0 1"),
        ({"axis": [0, 0, 0]}, "an axis must have a direction"),
        ({"offset": [0, 0, 0]}, "an axis of any turn is written {axis: [x, y, z], offset: [x, y, z]}"),
        (
            [{"axis": [0, 0, 1]}, {"axis": [0, 1, 0], "offset": [0.01, 0, 0]}],
            "has axes of any turn that do not meet: they pass each other 10 mm apart",
        ),
        (
            [{"axis": [0, 0, 1]}, {"axis": [0, 0, -2], "offset": [0.01, 0, 0]}],
            "has parallel axes of any turn; they meet nowhere",
        ),
    ],
)
def test_malformed_values_are_refused(value, problem):
    with pytest.raises(ValueError) as refused:
        symmetries_of_value(value)
    assert str(refused.value) == problem


@pytest.mark.parametrize("text", ["x z", "z x/3", "x y z", "z/2 x y", "x z/4"])
def test_turns_about_two_axes_make_a_ball(text):
    found = symmetries_of_text(text)
    np.testing.assert_allclose(found.ball_center_3, [0, 0, 0], atol=1e-12)
    assert len(found.axes) > 1
    assert not found.trivial


def test_a_ball_may_lie_anywhere_and_one_line_is_one_axis():
    at = [0.01, -0.02, 0.03]
    axes = [{"axis": [0, 0, 1], "offset": at}, {"axis": [1, 1, 0], "offset": [0.06, 0.03, 0.03]}]
    np.testing.assert_allclose(symmetries_of_value(axes).ball_center_3, at, atol=1e-12)
    twice = [{"axis": [0, 0, 1], "offset": at}, {"axis": [0, 0, -3], "offset": [0.01, -0.02, 7]}]
    assert symmetries_of_value(twice).ball_center_3 is None
    assert len(symmetries_of_value(twice).axes) == 1


def test_bops_entries_are_in_their_unit():
    discrete = [[-1, 0, 0, 30, 0, -1, 0, 10, 0, 0, 1, 0, 0, 0, 0, 1]]
    continuous = [{"axis": [0, 0, 1], "offset": [5, 0, 0]}]
    found = symmetries_of_info({"symmetries_discrete": discrete, "symmetries_continuous": continuous}, unit=0.001)
    np.testing.assert_allclose(found.translations_S3, [[0, 0, 0], [0.03, 0.01, 0]])
    np.testing.assert_allclose(found.offset_3, [0.005, 0, 0])
    assert symmetries_of_info({}, unit=1.0).trivial
    with pytest.raises(ValueError, match="symmetries_discrete and symmetries_continuous must be lists"):
        symmetries_of_info({"symmetries_discrete": 7}, unit=1.0)
