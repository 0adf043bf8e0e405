"""What is drawn for a sweep: even, in range, and the same again."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolozu.contract.sections.sweep import Drawn
from yolozu.contract.sweep_draws import draws


def test_more_samples_and_other_keys_change_none_of_those_there_were():
    lr = Drawn(min=1e-5, max=1e-2, log=True)
    few = draws({"lr": lr}, samples=3, seed=7)
    more = draws({"seed": Drawn(min=0, max=10**6), "lr": lr}, samples=5, seed=7)
    assert [run["lr"] for run in more[:3]] == [run["lr"] for run in few]
    assert draws({"lr": lr}, samples=3, seed=8) != few


@given(st.integers(-50, 50), st.integers(1, 50), st.integers(0, 2**32))
def test_whole_numbers_stay_whole_and_in_range(low, width, seed):
    for run in draws({"k": Drawn(min=low, max=low + width)}, samples=2, seed=seed):
        assert isinstance(run["k"], int)
        assert low <= run["k"] <= low + width


@given(st.floats(1e-9, 1e3), st.floats(1.001, 1e6), st.booleans(), st.integers(0, 2**32))
def test_other_numbers_stay_in_range(low, factor, log, seed):
    (run,) = draws({"k": Drawn(min=low, max=low * factor, log=log)}, samples=1, seed=seed)
    assert low <= run["k"] <= low * factor


def test_a_logarithm_is_drawn_evenly():
    values = [run["k"] for run in draws({"k": Drawn(min=1e-6, max=1.0, log=True)}, samples=400, seed=0)]
    mean = sum(map(math.log10, values)) / len(values)
    assert mean == pytest.approx(-3.0, abs=0.3)


def test_no_run_is_drawn_twice_and_there_may_be_fewer_than_asked_for():
    runs = draws({"a": ["x", "y"], "b": Drawn(min=0, max=1)}, samples=9, seed=0)
    assert sorted((run["a"], run["b"]) for run in runs) == [(0, 0), (0, 1), (1, 0), (1, 1)]
