from __future__ import annotations

from itertools import chain

import pytest

from yolozu.data.prepare.hold_out import hold_out

HALVES = {"val": 0.5}
FIFTH = {"val": 0.2}


def alone(names):
    return [[name] for name in names]


def pictures(*classes):
    return {f"{number:03d}": set(found) for number, found in enumerate(classes)}


def held_out(classes_of, shares, groups=None, seed=0):
    return hold_out(classes_of, alone(classes_of) if groups is None else groups, shares, seed=seed)


def test_a_share_is_held_out_and_no_picture_is_in_two_parts():
    classes_of = pictures(*({n % 3} for n in range(50)))
    parts = held_out(classes_of, {"val": 0.2, "test": 0.1}).names
    assert {name: len(found) for name, found in parts.items()} == {"train": 35, "val": 10, "test": 5}
    assert sorted(chain(*parts.values())) == sorted(classes_of)


def test_classes_keep_their_share():
    classes_of = pictures(*[{0}] * 60, *[{1}] * 30, *[{0, 2}] * 10)
    val = held_out(classes_of, FIFTH).names["val"]
    assert [sum(index in classes_of[name] for name in val) for index in range(3)] == [14, 6, 2]


def test_every_class_on_two_pictures_is_in_both_parts():
    classes_of = pictures({0}, {0}, {1}, {1}, {2}, {2}, *[{3}] * 4)
    parts = held_out(classes_of, FIFTH)
    for names in parts.names.values():
        assert {index for name in names for index in classes_of[name]} == {0, 1, 2, 3}
    assert (parts.lacking, parts.single) == ([], [])


def test_a_picture_with_several_rare_classes_serves_them_all():
    classes_of = pictures({0, 1, 2}, {0}, {1}, {2}, *[{3}] * 6)
    assert "000" in held_out(classes_of, FIFTH).names["val"]
    assert len(held_out(classes_of, FIFTH).names["val"]) == 2


def test_a_class_on_one_picture_is_trained_on_and_told():
    classes_of = pictures({0}, {0}, {0}, {0}, {1})
    for seed in range(20):
        parts = held_out(classes_of, FIFTH, seed=seed)
        assert "004" in parts.names["train"]
        assert (parts.lacking, parts.single) == ([], [1])


def test_groups_stay_together_and_a_class_that_is_in_one_group_only_is_told():
    classes_of = pictures({0}, {0}, {1}, {1}, {0}, {1, 2}, {2}, {0})
    groups = [["000", "001"], ["002", "003"], ["005", "006"], ["004"], ["007"]]
    parts = held_out(classes_of, HALVES, groups)
    for group in groups:
        assert any(set(group) <= set(names) for names in parts.names.values())
    assert parts.lacking == [(2, "val")]


def test_one_group_of_nearly_everything_is_trained_on():
    classes_of = pictures(*[{0}] * 10)
    names = sorted(classes_of)
    assert held_out(classes_of, FIFTH, [names[:9], names[9:]]).names["val"] == ["009"]


def test_groups_that_are_all_too_large_still_give_a_part():
    classes_of = pictures(*[set[int]()] * 10)
    names = sorted(classes_of)
    assert len(held_out(classes_of, {"val": 0.1}, [names[:5], names[5:]]).names["val"]) == 5


def test_the_choice_is_the_same_whatever_the_order_and_another_with_another_seed():
    classes_of = pictures(*({n % 2} for n in range(30)))
    backwards = dict(reversed(classes_of.items()))
    assert held_out(classes_of, FIFTH) == held_out(backwards, FIFTH)
    assert held_out(classes_of, FIFTH) != held_out(classes_of, FIFTH, seed=1)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_few_pictures_leave_one_on_each_side(count):
    parts = held_out(pictures(*[{0}] * count), FIFTH).names
    assert (len(parts["val"]), len(parts["train"])) == (1, count - 1)


def test_many_pictures_of_many_classes_take_no_time():
    classes_of = pictures(*({n % 500, n * 7 % 90} for n in range(20_000)))
    val = held_out(classes_of, FIFTH).names["val"]
    assert len(val) == pytest.approx(4000, rel=0.05)
