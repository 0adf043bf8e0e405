"""What ``models_info.json`` says of meshes, held against them."""

from __future__ import annotations

import json

import pytest

from tests.data.builders import bop_box, bop_row, survey_of, write_bop
from yolozu.data.checking.check import check

# The tetrahedron of the builders: 30, 40 and 20 mm from its corner at the origin.
STATED = {
    "diameter": 50.0, "min_x": 0.0, "min_y": 0.0, "min_z": 0.0, "size_x": 30.0, "size_y": 40.0, "size_z": 20.0,
}  # fmt: skip


def found(tmp_path, info):
    """(rule, problem, fix) of every finding about models."""
    root = write_bop(tmp_path, {0: [bop_row()]}, {0: [bop_box(32, 24, 6, 9)]}, models={"000007": info})
    checked = check(survey_of(root))
    violations = [(rule, violation) for rule, violation in checked.violations if rule.startswith("model_")]
    assert {violation.where for _, violation in violations} <= {f"{root}/models/models_info.json: 7"}
    return [(rule, violation.problem, violation.fix) for rule, violation in violations]


def scaled(factor, *names):
    return {key: value * factor if key in names or not names else value for key, value in STATED.items()}


@pytest.mark.parametrize(
    "info", [{}, STATED, scaled(1.04), {**STATED, "min_x": 1.0}, {"diameter": 50.0, "size_x": None}]
)
def test_what_the_mesh_bears_out_is_no_finding(tmp_path, info):
    assert found(tmp_path, info) == []


@pytest.mark.parametrize(
    ("factor", "times", "units"),
    [
        (0.001, "1000 times as much", ("m", "mm")),
        (0.1, "10 times as much", ("cm", "mm")),
        (1 / 25.4, "25.4 times as much", ("inches", "mm")),
        (1000, "1000 times less", ("mm", "m")),
        (3, "3 times less", None),
    ],
)
def test_a_diameter_in_another_unit_is_an_error_with_the_factor(tmp_path, factor, times, units):
    ((rule, problem, fix),) = found(tmp_path, scaled(factor, "diameter"))
    assert rule == "model_unit"
    assert problem == f"says diameter {50 * factor:.4g}, the mesh has 50, {times}"
    expected = "models_info.json seems to be in {}, the mesh in {}: write both in the unit of the data set"
    assert fix == (None if units is None else expected.format(*units))


def test_sizes_are_held_against_the_mesh_too(tmp_path):
    assert [problem for _, problem, _ in found(tmp_path, scaled(0.001))] == [
        "says diameter 0.05, the mesh has 50, 1000 times as much, as for size_x, size_y, size_z"
    ]
    assert [problem for _, problem, _ in found(tmp_path, scaled(0.001, "size_y"))] == [
        "says size_y 0.04, the mesh has 40, 1000 times as much"
    ]


def test_lengths_and_places_that_are_a_little_off_are_warnings(tmp_path):
    assert found(tmp_path, {**STATED, "diameter": 60.0, "min_z": 9.0}) == [
        ("model_size", "says diameter 60, the mesh has 50", None)
    ]
    assert found(tmp_path, {**STATED, "min_z": -10.0}) == [("model_size", "says min_z -10, the mesh has 0", None)]


def test_models_of_other_layouts_are_checked_in_their_unit(tmp_path):
    root = write_bop(tmp_path / "bop", {0: [bop_row()]}, {0: [bop_box(32, 24, 6, 9)]}, models={"7": STATED})
    document = {"splits": {"train": {"scenes_dir": "../bop/train"}}, "models_dir": "../bop/models", "models_unit": "m"}
    (tmp_path / "set").mkdir()
    (tmp_path / "set/dataset.json").write_text(json.dumps(document))
    assert not [rule for rule, _ in check(survey_of(tmp_path / "set")).violations if rule.startswith("model_")]
    assert root.is_dir()


def test_axes_that_do_not_meet_are_a_finding_and_the_rest_is_used(tmp_path):
    axes = [{"axis": [0, 0, 1], "offset": [0, 0, 0]}, {"axis": [0, 1, 0], "offset": [10, 0, 0]}]
    half = [-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    stated = {**STATED, "symmetries_continuous": axes, "symmetries_discrete": [half]}
    root = write_bop(tmp_path, {0: [bop_row()]}, {0: [bop_box(32, 24, 6, 9)]}, models={"7": stated})
    checked = check(survey_of(root))
    assert [
        (rule, violation.where, violation.problem) for rule, violation in checked.violations if rule == "symmetry_axes"
    ] == [
        (
            "symmetry_axes",
            f"{root}/models/models_info.json: 7",
            "has axes of any turn that do not meet: they pass each other 10 mm apart; none of them counts",
        )
    ]
    found = checked.survey.models.by_class[1].symmetries
    assert (len(found.rotations_S33), found.axes) == (2, [])
