from __future__ import annotations

import numpy as np
import pytest

from tests.artifacts.predictions.samples import POSE
from yolozu.artifacts.predictions.poses import (
    POSE_RULES,
    depths_apart,
    is_behind,
    is_no_rotation,
    leaves_no_camera,
    pose_findings,
    rotation_error,
    rotations_apart,
    spans_no_plane,
)

IDENTITY = np.eye(3)


def test_a_sound_pose_has_no_findings():
    assert list(pose_findings(POSE, "p")) == []


def test_all_that_is_wrong_comes_together_with_its_fix():
    pose = {"R": [[2, 0, 0], [0, 1, 0], [0, 0, 1]], "t_xyz": [0, 0, -1], "rot6d": [0] * 6, "k_delta": [-2, 0, 0, 0]}
    assert [finding.render() for finding in pose_findings({**pose, "log_z": 0}, "p")] == [
        "p.R: YZ711 no rotation: R Rᵀ differs from the identity by 3\n"
        "  fix: write an orthonormal matrix with determinant +1",
        "p.rot6d: YZ711 no rotation: its two columns span no plane\n  fix: write the first two columns of a rotation",
        "p.t_xyz[2]: YZ720 z = -1 is not in front of the camera\n"
        "  fix: write metres in a camera frame whose z points forward",
        "p.k_delta: YZ709 dfx -2, dfy 0 leave no focal length\n  fix: write relative changes of fx and fy, above -1",
    ]


def test_fields_that_contradict_each_other_are_warned_of():
    pose = {**POSE, "log_z": 0.5, "rot6d": [1, 0, 0, 0, 1, 0]}
    assert [finding.render() for finding in pose_findings(pose, "p")] == [
        "p.log_z: warning: YZ721 says something else than t_xyz: they differ by 0.723\n"
        "  fix: write the natural logarithm of t_xyz[2]",
        "p.rot6d: warning: YZ721 says something else than R: they differ by 1\n"
        "  fix: write the first column of R, then the second",
    ]


def test_rotations_are_orthonormal_and_right_handed():
    mirrored, skewed = np.diag([1.0, 1.0, -1.0]), IDENTITY + 0.01 * np.eye(3, k=1)
    assert is_no_rotation(np.stack([IDENTITY, mirrored, skewed, 1e200 * IDENTITY])).tolist() == [
        False,
        True,
        True,
        True,
    ]
    deviation, determinant = rotation_error(np.stack([IDENTITY, mirrored, 2 * IDENTITY]))
    assert deviation.tolist() == [0.0, 0.0, 3.0]
    assert determinant.tolist() == [1.0, -1.0, 8.0]


def test_six_numbers_may_have_any_length_but_must_span_a_plane():
    rows = [[1e-3, 0, 0, 5, 7, 0], [0, 0, 0, 0, 1, 0], [1, 1, 0, 2, 2, 0], [1e200, 0, 0, 0, 1, 0]]
    assert spans_no_plane(np.array(rows, float)).tolist() == [False, True, True, True]


def test_points_are_in_front_of_the_camera():
    assert is_behind(np.array([[0, 0, 1e-9], [0, 0, 0], [1, 1, -1.0]])).tolist() == [False, True, True]


def test_a_correction_leaves_a_focal_length():
    assert leaves_no_camera(np.array([[-0.9, 9, -5, -5], [0, -1, 0, 0]])).tolist() == [False, True]


def test_depths_and_rotations_are_compared():
    t_N3 = np.array([[0, 0, 1.0], [0, 0, 2.0], [0, 0, -1.0]])
    assert depths_apart(np.zeros(3), t_N3) == pytest.approx([0.0, np.log(2), np.nan], nan_ok=True)
    about_z = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    six = np.array([[0.0, 3, 0, -2, 9, 0]])
    assert rotations_apart(six, about_z[None]) == pytest.approx([0.0])
    assert rotations_apart(six, IDENTITY[None]) == pytest.approx([1.0])


def test_the_rules_name_fields_of_a_pose():
    assert {name for rule in POSE_RULES for name in rule.fields} <= set(POSE)
