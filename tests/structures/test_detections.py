from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
import torch

from yolozu.geometry.pose_tensors import SeenBy, translation
from yolozu.geometry.rotations import rot6d_to_matrix
from yolozu.structures.detections import RawDetections, RawPoses

IDENTITY_6 = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
K_4 = np.array([100.0, 200.0, 30.0, 20.0])


def poses_of(count=1, **changes):
    base = {
        "log_z_N": np.zeros(count),
        "rot6d_N6": np.tile(IDENTITY_6, (count, 1)),
        "offsets_px_N2": np.zeros((count, 2)),
        "k_delta_4": np.zeros(4),
    }
    return RawPoses(**{**base, **changes})


def random_poses(count, seed=0):
    random = np.random.default_rng(seed)
    return random.random((count, 4)), poses_of(
        log_z_N=random.normal(size=count),
        rot6d_N6=random.normal(size=(count, 6)),
        offsets_px_N2=random.normal(size=(count, 2)) * 10,
        k_delta_4=random.normal(size=4) * 0.1,
    )


def about_z(degrees):
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]]])


def test_the_six_numbers_are_the_first_two_columns():
    found = poses_of(rot6d_N6=np.array([[0.0, 2.0, 0.0, -3.0, 5.0, 0.0]])).rotations()
    assert found == pytest.approx(about_z(90.0))


def test_a_translation_is_where_the_corrected_camera_sees_the_origin():
    # fx' = 110, fy' = 180, cx' = 32, cy' = 19; (u, v) = (0.5 * 96 + 4, 0.25 * 64 - 2) = (52, 14)
    poses = poses_of(
        log_z_N=np.log([2.0]), offsets_px_N2=np.array([[4.0, -2.0]]), k_delta_4=np.array([0.1, -0.1, 2.0, -1.0])
    )
    boxes = np.array([[0.5, 0.25, 0.1, 0.3]])
    z = 2.0 * math.sqrt(110 * 180 / (96 * 64))
    assert poses.translations(boxes, K_4, width=96, height=64) == pytest.approx(
        np.array([[(52 - 32) / 110 * z, (14 - 19) / 180 * z, z]])
    )


def test_arrays_and_tensors_give_the_same_poses():
    boxes, poses = random_poses(50)
    seen_by = SeenBy(*(torch.from_numpy(v) for v in (K_4, poses.k_delta_4, np.array([64.0, 96.0]))))
    heads = (torch.from_numpy(v) for v in (poses.log_z_N, poses.offsets_px_N2, boxes))
    assert poses.translations(boxes, K_4, width=96, height=64) == pytest.approx(translation(*heads, seen_by).numpy())
    assert poses.rotations() == pytest.approx(rot6d_to_matrix(torch.from_numpy(poses.rot6d_N6)).numpy())


@pytest.mark.parametrize("changes", [{"log_z_N": np.array([1e4])}, {"k_delta_4": np.array([-2.0, 0.0, 0.0, 0.0])}])
def test_a_pose_that_cannot_be_is_not_finite_and_warns_of_nothing(changes):
    t_N3 = poses_of(**changes).translations(np.full((1, 4), 0.25), K_4, width=96, height=64)
    assert not np.isfinite(t_N3[0, 2])


def test_rows_are_taken_from_everything_that_has_rows():
    boxes, poses = random_poses(3)
    poses = RawPoses(
        *(poses.log_z_N, poses.rot6d_N6, poses.offsets_px_N2, poses.k_delta_4), np.arange(3.0), -np.arange(3.0)
    )
    raw = RawDetections(np.array([0.9, 0.8, 0.7]), np.array([0, 1, 2]), boxes, poses)
    for rows in (np.array([0, 2]), np.array([True, False, True])):
        kept = raw.of(rows)
        assert kept.scores.tolist() == [0.9, 0.7]
        assert kept.class_indices.tolist() == [0, 2]
        assert np.array_equal(kept.boxes_cxcywh, boxes[[0, 2]])
        assert kept.poses.log_sigma_z_N.tolist() == [0.0, 2.0]
        assert kept.poses.log_sigma_rot_N.tolist() == [0.0, -2.0]
        assert np.array_equal(kept.poses.k_delta_4, poses.k_delta_4)
        assert kept.poses.rotations() == pytest.approx(poses.rotations()[[0, 2]])
    assert RawDetections(raw.scores, raw.class_indices, boxes).of(np.array([1])).poses is None


@pytest.mark.slow
def test_it_needs_no_pytorch():
    code = "import sys, yolozu.structures.detections; assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
