from __future__ import annotations

import pytest

from yolozu.errors import ContractError
from yolozu.evaluation.gates import missed_gates

METRICS = {"map50_95": 0.3, "map50": 0.5, "map_small": None}


@pytest.mark.parametrize(
    ("requirement", "passes"),
    [(">= 0.3", True), (">=0.3000001", False), ("> 0.3", False), ("> 2e-1", True), ("<= 0.3", True), ("< 0.3", False)],
)
def test_a_gate_compares_as_it_says(requirement, passes):
    assert (missed_gates({"map50_95": requirement}, METRICS) == []) is passes


def test_every_missed_gate_is_listed_with_what_was_measured():
    found = missed_gates({"map50_95": ">= 0.4", "map50": ">= 0.5", "map_small": ">= 0"}, METRICS)
    assert [finding.render() for finding in found] == [
        (
            "require.map50_95: YZ804 measured 0.3, required >= 0.4\n"
            "  fix: improve the model, or change the gate in the contract"
        ),
        (
            "require.map_small: YZ804 nothing was measured (no ground truth for it), required >= 0\n"
            "  fix: evaluate data that has such objects, or drop the gate"
        ),
    ]


def test_gates_on_poses_say_when_there_are_none():
    metrics = {**METRICS, "add_01d": None}
    told = {
        has_poses: [finding.problem for finding in missed_gates({"add_01d": ">= 0.3"}, metrics, has_poses=has_poses)]
        for has_poses in (True, False)
    }
    assert told == {
        True: ["nothing was measured (no ground truth for it), required >= 0.3"],
        False: ["nothing was measured (no object has a pose), required >= 0.3"],
    }


def test_gates_that_cannot_be_read_are_named_together():
    with pytest.raises(ContractError) as caught:
        missed_gates({"map5095": ">= 0.4", "map50": "about 0.5", "speed": "> 1", "map50_95": "> x"}, METRICS)
    known = "he metrics are map50_95, map50, map_small"
    assert str(caught.value) == (
        f"require.map5095: YZ801 no such metric\n  fix: did you mean 'map50_95'? T{known}\n"
        "require.map50: YZ801 'about 0.5' is no requirement\n  fix: write one such as \">= 0.3\"\n"
        f"require.speed: YZ801 no such metric\n  fix: t{known}\n"
        "require.map50_95: YZ801 '> x' is no requirement\n  fix: write one such as \">= 0.3\""
    )
