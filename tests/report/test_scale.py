"""Ticks that people would have chosen."""

import pytest

from yolozu.report.scale import count_scale, scale_over, unit_scale


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0.0, 1.0], ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        ([3.0, 97.0], ["0", "20", "40", "60", "80", "100"]),
        ([0.13, 0.22], ["0.12", "0.14", "0.16", "0.18", "0.20", "0.22"]),
        ([1e-5, 1e-4], ["0", "2e-05", "4e-05", "6e-05", "8e-05", "0.0001"]),
        ([1.0, 12.0], ["0.0", "2.5", "5.0", "7.5", "10.0", "12.5"]),
        ([5.0], ["2", "3", "4", "5", "6", "7", "8"]),
        ([0.0], ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        ([2e6, 9e6], ["2e+06", "4e+06", "6e+06", "8e+06", "1e+07"]),
    ],
)
def test_ticks_are_round_and_hold_all_values(values, ticks):
    scale = scale_over(values)
    assert [scale.label(tick) for tick in scale.ticks] == ticks
    assert scale.low <= min(values) <= max(values) <= scale.high


def test_a_scale_may_begin_at_0():
    assert scale_over([40.0, 60.0], from_zero=True).low == 0.0


def test_places_on_a_scale():
    assert [unit_scale().at(value) for value in (0.0, 0.25, 1.0)] == [0.0, 0.25, 1.0]


def test_counts_end_with_the_last_one_and_have_whole_ticks():
    assert (count_scale(150.0).ticks, count_scale(150.0).high) == ((0.0, 50.0, 100.0, 150.0), 150.0)
    assert count_scale(3.0).ticks == (0.0, 1.0, 2.0, 3.0)
    assert count_scale(12.0).ticks == (0.0, 5.0, 10.0)
    assert count_scale(0.0).high == 1.0
