import sys

import pytest

from yolozu.errors import UsageError
from yolozu.registry import Registry, edit_distance, is_typo, nearest

SHAPES = Registry("shape", {"circle": "math:pi", "square": "math:sqrt", "absent": "yolozu.no_such_module:x"})


def test_a_registry_lists_its_names_without_importing_anything():
    assert (list(SHAPES), "circle" in SHAPES, "oval" in SHAPES, len(SHAPES)) == (
        ["circle", "square", "absent"], True, False, 3,
    )  # fmt: skip
    assert "yolozu.no_such_module" not in sys.modules


def test_a_name_loads_what_the_table_says():
    assert SHAPES.load("square")(9) == 3


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("cirle", "did you mean 'circle'? Known: circle, square, absent"),
        ("x", "choose one of: circle, square, absent"),
    ],
)
def test_an_unknown_name_gets_the_nearest(name, fix):
    with pytest.raises(UsageError) as caught:
        SHAPES.load(name)
    assert str(caught.value) == f"shape {name!r}: YZ901 no such shape\n  fix: {fix}"


def test_nothing_is_near_to_nonsense():
    assert nearest("zzz", ["circle"]) is None


@pytest.mark.parametrize(
    ("word", "known", "guess"),
    [
        ("weight_deacy", ["weight_decay", "lr"], "weight_decay"),
        ("workers", ["num_workers", "mixup"], "num_workers"),
        ("hflip", ["hflip_prob"], "hflip_prob"),
        ("SGD", ["sgd", "adamw"], "sgd"),
        ("nono", ["none"], "none"),
        ("classes", ["cases"], None),
        ("mixup", ["min_lr", "matcher"], None),
        ("dataset", ["date_root", "data_set"], "data_set"),
        ("project", ["projector_dim"], None),
    ],
)
def test_a_name_is_offered_only_where_it_is_near(word, known, guess):
    assert nearest(word, known) == guess


@pytest.mark.parametrize(
    ("typed", "meant", "near"),
    [("bta", "beta", True), ("beta2", "beta", True), ("b", "a", False), ("ab", "a", False), ("expO1", "exp01", True),
     ("night", "exp01", False), ("baseline-smal", "baseline-small", True), ("baseline-big", "baseline-small", False)],
)  # fmt: skip
def test_names_are_near_by_the_longer_one(typed, meant, near):
    assert is_typo(typed, meant) is near is is_typo(meant, typed)


@pytest.mark.parametrize(
    ("typed", "meant", "count"),
    [("exp01", "exp01", 0), ("exp10", "exp01", 1), ("ep01", "exp01", 1), ("exxp01", "exp01", 1), ("", "ab", 2),
     ("baseline", "night", 8)],
)  # fmt: skip
def test_slips_are_counted(typed, meant, count):
    assert edit_distance(typed, meant) == count
