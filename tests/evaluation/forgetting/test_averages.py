"""Hand-computed sequences."""

import pytest

from yolozu.evaluation.forgetting.averages import average, backward_transfer, forgetting

THREE = [[0.8, None, None], [0.9, 0.7, None], [0.5, 0.6, 0.4]]
"""The first task got better with the second, and worse with the third."""


def test_the_mean_of_all_tasks_after_the_last():
    assert average(THREE) == pytest.approx(0.5)


def test_backward_transfer_is_the_change_since_each_task_was_learned():
    assert backward_transfer(THREE) == pytest.approx(((0.5 - 0.8) + (0.6 - 0.7)) / 2)


def test_forgetting_is_the_fall_from_the_best_that_was_ever_reached():
    assert forgetting(THREE) == pytest.approx(((0.9 - 0.5) + (0.7 - 0.6)) / 2)
    assert forgetting([[0.5, None], [0.6, 0.9]]) == pytest.approx(-0.1)


def test_what_nobody_measured_counts_in_no_mean():
    assert backward_transfer([[None, None], [0.5, 0.5]]) is None
    assert forgetting([[None, None, None], [None, 0.7, None], [0.5, 0.6, 0.4]]) == pytest.approx(0.1)
    assert average([[0.5, None], [None, 0.3]]) == pytest.approx(0.3)
