"""Rotation loss."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.fixtures.poses import about, in_double, random_rotations
from tests.losses.test_registry import poses
from yolozu.artifacts.meshes import ObjectModel, ObjectModels
from yolozu.geometry.rotations import SymmetryTable
from yolozu.geometry.symmetry import Symmetries
from yolozu.losses.base import Supervision
from yolozu.losses.rotation import ROTATION


def loss_of(turn, label, symmetries):
    """Degrees of loss where an object is predicted turned by ``turn`` in its own frame."""
    target = random_rotations(1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    pairs = poses(torch.tensor([label]), torch.Generator().manual_seed(0), 1.0)
    pairs = replace(
        pairs,
        R_P33=target @ turn,
        target_R_P33=target,
        has_pose_P=torch.tensor([True]),
        symmetries=in_double(symmetries),
    )
    none = torch.zeros(0, 4)
    found = ROTATION.compute(Supervision(none, torch.zeros(0), torch.zeros(0), none, none, poses=pairs))
    return math.degrees(found.item())


@pytest.mark.parametrize("degrees", [0.0, 1e-3, 90.0, 180.0])
def test_it_is_the_angle(degrees):
    found = loss_of(about((0, 0, 1), degrees), 0, SymmetryTable.none_of(1))
    assert math.radians(found) == pytest.approx(math.radians(degrees), abs=2e-6)


def test_it_is_the_least_over_the_symmetries_of_the_class():
    halves = np.stack([np.eye(3), about((0, 0, 1), 180).numpy()])
    model = ObjectModel(np.zeros((0, 3)), None, Symmetries(halves, np.zeros((2, 3))))
    table = SymmetryTable.of_classes(ObjectModels({1: model}).symmetries, 2)
    assert loss_of(about((0, 0, 1), 170), 1, table) == pytest.approx(10.0, abs=1e-4)
    assert loss_of(about((0, 0, 1), 170), 0, table) == pytest.approx(170.0, abs=1e-4)
