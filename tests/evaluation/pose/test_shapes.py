from __future__ import annotations

import numpy as np
import pytest

from tests.evaluation.pose.scenes import BOTTLE_MODEL, cloud
from yolozu.artifacts.meshes import ObjectModel
from yolozu.evaluation.pose.shapes import shape_of


@pytest.mark.parametrize("model", [None, ObjectModel(np.zeros((0, 3)), 0.1), ObjectModel(cloud(0, 3), None)])
def test_without_points_or_diameter_there_is_no_shape(model):
    assert shape_of(model) is None


def test_a_shape_has_the_points_of_its_model_in_another_order():
    model = ObjectModel(cloud(0, 500), 0.1)
    assert sorted(map(tuple, shape_of(model).points_V3)) == sorted(map(tuple, model.points_V3))


def test_what_is_derived_describes_the_points():
    shape = shape_of(BOTTLE_MODEL)
    assert len(shape.discretized[0]) == 315
    np.testing.assert_allclose(shape.center_3, BOTTLE_MODEL.points_V3.mean(axis=0))
    assert shape.radius == pytest.approx(np.linalg.norm(BOTTLE_MODEL.points_V3 - shape.center_3, axis=1).max())
    assert {*map(tuple, shape.probes)} <= {*map(tuple, shape.hull)} <= {*map(tuple, shape.points_V3)}


def test_the_hull_of_a_flat_model_is_all_of_it():
    flat = cloud(0, 9) * [1.0, 1.0, 0.0]
    assert len(shape_of(ObjectModel(flat, 0.1)).hull) == 9
    assert len(shape_of(ObjectModel(flat[:1], 0.1)).probes) == 1
