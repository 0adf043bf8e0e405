from __future__ import annotations

import json

import numpy as np

from yolozu.structures.poses import PlacedPoses, PoseLabels


def test_labels_come_back_from_json_whatever_is_known():
    none = PoseLabels.none_of(2)
    some = PoseLabels(
        np.arange(1.0, 5.0), np.arange(2.0, 6.0), np.ones((2, 3, 3)), np.ones((2, 3)), np.array([True, False]),
        np.ones((2, 2)), np.array([False, True]),
    )  # fmt: skip
    for labels in (none, some, PoseLabels.none_of(0)):
        back = PoseLabels.from_json(json.loads(json.dumps(labels.to_json())))
        assert back.to_json() == labels.to_json()
        assert back.R_m2c_N33.shape == labels.R_m2c_N33.shape
        assert back.has_pose_N.dtype == np.bool_


def test_no_pose_is_one_that_hurts_nowhere():
    none = PoseLabels.none_of(2)
    np.testing.assert_array_equal(none.R_m2c_N33, [np.eye(3)] * 2)
    np.testing.assert_array_equal(none.t_m2c_N3, [[0, 0, 1]] * 2)
    assert not none.has_pose_N.any()
    none.R_m2c_N33[0] = 7.0
    np.testing.assert_array_equal(none.R_m2c_N33[1], np.eye(3))


def test_kept_objects_keep_their_poses():
    placed = PlacedPoses(
        K_4=np.ones(4),
        has_camera=True,
        k_delta_4=np.zeros(4),
        has_k_delta=False,
        R_m2c_N33=np.stack([np.eye(3), 2 * np.eye(3)]),
        t_m2c_N3=np.array([[0.0, 0, 1], [0, 0, 2]]),
        has_pose_N=np.array([False, True]),
        centers_px_N2=np.array([[1.0, 2], [3, 4]]),
        has_center_N=np.array([True, False]),
    )
    kept = placed.of(np.array([False, True]))
    assert (kept.t_m2c_N3.tolist(), kept.has_pose_N.tolist(), kept.has_center_N.tolist()) == (
        [[0, 0, 2]],
        [True],
        [False],
    )
    assert (kept.R_m2c_N33.shape, kept.centers_px_N2.tolist()) == ((1, 3, 3), [[3, 4]])
