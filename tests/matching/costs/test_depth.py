"""Depth cost."""

import math

import pytest

from tests.matching.costs.posed import candidates
from yolozu.matching.costs.depth import depth_cost


def test_it_is_the_difference_of_log_depths():
    cost = depth_cost(candidates({"z": 2.0}, {"z": 4.0}, {"z": 1.0}, {"degrees": 99.0, "right": 30.0}))
    assert cost[0, 0, :, 0].tolist() == pytest.approx([0.0, math.log(2), math.log(2), 0.0], abs=1e-6)


def test_the_correction_of_the_camera_counts():
    """Twice the focal lengths: what looks so large is twice as far."""
    one = candidates({"z": 2.0})
    one.k_delta_B4[0, :2] = 1.0
    assert depth_cost(one).item() == pytest.approx(math.log(2), abs=1e-6)
