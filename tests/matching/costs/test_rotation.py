"""Rotation cost."""

import math

import numpy as np
import pytest

from tests.fixtures.poses import about
from tests.matching.costs.posed import TURN, candidates
from yolozu.artifacts.meshes import ObjectModel, ObjectModels
from yolozu.geometry.rotations import SymmetryTable
from yolozu.geometry.symmetry import Symmetries
from yolozu.matching.costs.rotation import rotation_cost


def degrees_of(cost):
    return [math.degrees(value) for value in cost[0, 0, :, 0].tolist()]


def test_it_is_the_angle():
    cost = rotation_cost(candidates({}, {"degrees": TURN + 10}, {"degrees": TURN + 180}, {"z": 9.0}))
    assert degrees_of(cost) == pytest.approx([0.0, 10.0, 180.0, 0.0], abs=1e-3)


def test_it_is_the_least_over_the_symmetries_of_the_object_s_class():
    halves = np.stack([np.eye(3), about((0, 0, 1), 180).numpy()])
    nothing = np.zeros((0, 3))
    models = {
        1: ObjectModel(nothing, None, Symmetries(halves, np.zeros((2, 3)))),
        2: ObjectModel(nothing, None, Symmetries(axis_3=np.array([0.0, 0.0, 1.0]))),
    }
    table = SymmetryTable.of_classes(ObjectModels(models).symmetries, 3)
    turned = ({"degrees": TURN + 170}, {"degrees": TURN + 90})
    for label, expected in {0: [170, 90], 1: [10, 90], 2: [0, 0]}.items():
        found = rotation_cost(candidates(*turned, label=label, symmetries=table))
        assert degrees_of(found) == pytest.approx(expected, abs=1e-3)
