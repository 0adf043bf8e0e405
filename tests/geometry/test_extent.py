from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from yolozu.geometry.extent import FEW, diameter_of, hull_corners


@pytest.mark.parametrize("count", [2, 3, FEW, FEW + 1, 3000])
def test_the_diameter_is_the_largest_distance_of_two_points(count):
    points_N3 = np.random.default_rng(count).normal(size=(count, 3))
    assert diameter_of(points_N3) == pytest.approx(pdist(points_N3).max())


@pytest.mark.parametrize("flat", [[1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
def test_points_of_a_plane_a_line_and_one_place_have_one_too(flat):
    points_N3 = np.random.default_rng(0).normal(size=(FEW + 10, 3)) * flat
    assert diameter_of(points_N3) == pytest.approx(pdist(points_N3).max())


def test_one_point_and_none_have_no_extent():
    assert diameter_of(np.ones((1, 3))) == 0.0
    assert diameter_of(np.zeros((0, 3))) == 0.0


def test_of_many_points_only_the_corners_of_their_hull_are_kept():
    inside_N3 = np.random.default_rng(0).uniform(-0.9, 0.9, (FEW + 10, 3))
    cube_83 = np.array([[x, y, z] for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (-1.0, 1.0)])
    corners_N3 = hull_corners(np.concatenate([inside_N3, cube_83]))
    assert sorted(corners_N3.tolist()) == sorted(cube_83.tolist())
    assert len(hull_corners(inside_N3[:FEW])) == FEW
