"""What a search may choose."""

import math

import pytest

from yolozu.contract.sections.sweep import Drawn, Sampler
from yolozu.contract.strict.search import MOST_PROBES, Search


def search(**space):
    places = dict.fromkeys(space, "s.yaml:3")
    return Search("s", (), dict(sorted(space.items())), places, Sampler(), None, 0, 4, "s.yaml:2: optuna")


RANGE, WHOLE = Drawn(min=0.1, max=1.0), Drawn(min=1, max=3)


def test_its_size_is_that_of_all_combinations():
    assert search(a=(1, 2), b=WHOLE).size() == 6
    assert search(a=(1, 2), b=RANGE).size() == math.inf


@pytest.mark.parametrize(
    ("choice", "value", "held"),
    [
        ((1, "a"), "a", True), ((1, "a"), True, False), ((1, "a"), "b", False),
        (RANGE, 0.1, True), (RANGE, 1.01, False), (RANGE, "0.5", False), (RANGE, True, False),
        (WHOLE, 2, True), (WHOLE, 2.5, False), (WHOLE, 4, False),
    ],
)  # fmt: skip
def test_a_value_is_held_or_not(choice, value, held):
    assert search(a=choice).holds({"a": value}) is held
    assert not search(a=choice).holds({"b": value})


def test_probes_are_all_ends_of_a_small_space_and_some_of_a_large_one():
    assert [probe.values for probe in search(a=(1, 2, 3), b=RANGE).probes()] == [
        {"a": a, "b": b} for a in (1, 2, 3) for b in (0.1, 1.0)
    ]
    large = search(**{f"k{key}": tuple(range(5)) for key in range(9)})
    probes = [probe.values for probe in large.probes()]
    assert len(probes) == 1 + 9 * 4 + MOST_PROBES
    assert all({probe[key] for probe in probes} == set(range(5)) for key in large.space)


def test_a_name_is_no_earlier_run_of_other_values_has():
    one = search(a=("x" * 40, "y" * 40))
    first, second = one.run({"a": "x" * 40}), one.run({"a": "y" * 40}, [{"a": "x" * 40}])
    assert first.run_id != second.run_id
    assert one.run({"a": "x" * 40}).run_id == first.run_id
