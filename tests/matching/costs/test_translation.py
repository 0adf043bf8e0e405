"""Translation cost."""

import pytest

from tests.matching.costs.posed import candidates
from yolozu.matching.costs.translation import translation_cost


def test_it_is_the_sum_of_the_differences_in_metres():
    """25 px right of the axis, at 2 m and a focal length of 100 px, is half a metre."""
    cost = translation_cost(candidates({}, {"z": 2.5}, {"right": 25.0}, {"degrees": 99.0}))
    assert cost[0, 0, :, 0].tolist() == pytest.approx([0.0, 0.5, 0.5, 0.0], abs=1e-5)


def test_the_box_s_place_counts_with_the_offset():
    moved = candidates({"right": -10.0})
    moved.predicted["boxes"] = moved.predicted["boxes"] + moved.predicted["boxes"].new_tensor([0.1, 0.0, 0.0, 0.0])
    assert translation_cost(moved).item() == pytest.approx(0.0, abs=1e-5)


def test_the_correction_of_the_camera_counts():
    one = candidates({})
    one.k_delta_B4[0, 2] = 25.0  # px to the right: what appears in the middle lies half a metre to the left
    assert translation_cost(one).item() == pytest.approx(0.5, abs=1e-5)
