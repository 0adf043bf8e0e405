from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.predict.tta.scenes import rotations
from yolozu.geometry.camera import rotation_about_z
from yolozu.geometry.rotation_arrays import rotation_angles
from yolozu.predict.tta.matching import Members
from yolozu.predict.tta.pose_fusion import fused_poses, joined, mean_rotations
from yolozu.structures.detections import RawPoses


def members_of(scores, objects=None, boxes=None):
    count = len(scores)
    objects = np.zeros(count, int) if objects is None else np.array(objects)
    boxes = np.tile([0.5, 0.5, 0.1, 0.1], (count, 1)) if boxes is None else np.array(boxes)
    return Members(objects, np.arange(count), np.array(scores), boxes, int(objects.max()) + 1)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.floats(-0.4, 0.4))
def test_between_two_equally_scored_rotations_the_mean_is_half_way(seed, angle):
    R_33 = rotations(seed, 1)[0]
    turned = np.stack([R_33, rotation_about_z(angle) @ R_33])
    (mean_33,), near_N = mean_rotations(turned, members_of([0.5, 0.5]))
    assert near_N.all()
    assert rotation_angles(mean_33, rotation_about_z(angle / 2) @ R_33) < 1e-7
    assert np.linalg.det(mean_33) == pytest.approx(1.0)


def test_another_look_of_a_symmetric_object_takes_no_part():
    """Half a turn of the best-scored one: a mean of both would be neither; the others pull by their scores."""
    R_N33 = np.stack([rotation_about_z(angle) for angle in (0.0, np.pi, 0.3, np.radians(30.5))])
    (mean_33,), near_N = mean_rotations(R_N33, members_of([0.9, 0.8, 0.3, 0.5]))
    assert near_N.tolist() == [True, False, True, False]
    weight = 0.9 + 0.3 * np.exp(0.3j)
    assert rotation_angles(mean_33, rotation_about_z(np.angle(weight))) < 1e-9


def test_each_object_has_its_own_mean():
    R_N33 = rotations(3, 3)
    means, _ = mean_rotations(R_N33, members_of([0.5, 0.6, 0.7], objects=[1, 2, 0]))
    np.testing.assert_allclose(means, R_N33[[2, 0, 1]], atol=1e-12)


def test_depths_are_averaged_as_logarithms_and_origins_as_pixels():
    poses = RawPoses(
        log_z_N=np.log([1.0, 4.0]),
        rot6d_N6=np.tile([1.0, 0, 0, 0, 1, 0], (2, 1)),
        offsets_px_N2=np.array([[2.0, 0.0], [0.0, 4.0]]),
        k_delta_4=np.array([0.1, 0.2, 3.0, 4.0]),
        log_sigma_z_N=np.log([0.01, 0.04]),
        log_sigma_rot_N=np.log([0.1, 0.4]),
    )
    boxes = [[0.50, 0.5, 0.1, 0.1], [0.54, 0.5, 0.1, 0.1]]
    fused = fused_poses(
        poses, members_of([0.5, 0.5], boxes=boxes), np.array([[0.51, 0.49, 0.1, 0.1]]), np.array([100.0, 200.0])
    )
    assert np.exp(fused.log_z_N) == pytest.approx([2.0])
    # origins at (52, 100) and (54, 104) px; the fused box's middle is (51, 98)
    np.testing.assert_allclose(fused.offsets_px_N2, [[2.0, 4.0]])
    np.testing.assert_allclose(fused.rotations(), [np.eye(3)], atol=1e-12)
    assert np.exp([*fused.log_sigma_z_N, *fused.log_sigma_rot_N]) == pytest.approx([0.02, 0.2])
    assert fused.k_delta_4.tolist() == [0.1, 0.2, 3.0, 4.0]


def test_joined_poses_follow_one_another():
    first = RawPoses(np.zeros(1), np.zeros((1, 6)), np.zeros((1, 2)), np.zeros(4), np.zeros(1))
    second = RawPoses(np.ones(2), np.ones((2, 6)), np.ones((2, 2)), np.ones(4), np.ones(2))
    found = joined([first, second], np.full(4, 0.5))
    assert found.log_z_N.tolist() == found.log_sigma_z_N.tolist() == [0.0, 1.0, 1.0]
    assert found.rot6d_N6.shape == (3, 6)
    assert found.offsets_px_N2.tolist() == [[0.0, 0.0], [1.0, 1.0], [1.0, 1.0]]
    assert (found.k_delta_4.tolist(), found.log_sigma_rot_N) == ([0.5] * 4, None)
