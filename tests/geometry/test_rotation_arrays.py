"""Rotations as NumPy arrays."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from yolozu.geometry.camera import rotation_about_z
from yolozu.geometry.rotation_arrays import rotation_angles, rotations_of
from yolozu.geometry.rotations import rot6d_to_matrix, rotation_angle


def drawn(count, seed):
    return np.random.default_rng(seed).normal(size=(count, 6))


def about_z(degrees):
    return rotation_about_z(np.radians(degrees))[None]


@pytest.mark.parametrize("degrees", [0.0, 1e-6, 1e-3, 90.0, 179.999999, 180.0])
def test_an_angle_is_exact_near_zero_and_half_a_turn(degrees):
    assert np.degrees(rotation_angles(about_z(degrees), about_z(0.0))) == pytest.approx([degrees], rel=1e-6, abs=1e-12)


def test_angles_are_those_of_tensors():
    first, second = (rotations_of(drawn(50, seed)) for seed in (1, 2))
    expected = rotation_angle(torch.from_numpy(first), torch.from_numpy(second)).numpy()
    assert rotation_angles(first, second) == pytest.approx(expected)


def test_angles_of_one_rotation_with_many_broadcast():
    many = rotations_of(drawn(6, 0)).reshape(2, 3, 3, 3)
    found = rotation_angles(many, many[0, 0])
    assert found.shape == (2, 3)
    assert found[1, 2] == rotation_angles(many[1, 2], many[0, 0])


def test_rotations_are_those_of_tensors():
    six = drawn(20, 3)
    np.testing.assert_allclose(rotations_of(six), rot6d_to_matrix(torch.from_numpy(six)).numpy(), atol=1e-12)


@pytest.mark.slow
def test_it_needs_no_pytorch():
    code = "import sys, yolozu.geometry.rotation_arrays; assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
