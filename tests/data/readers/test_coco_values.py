from __future__ import annotations

import pytest

from yolozu.data.readers.coco_values import box, flag, measure, name_of, whole_number


@pytest.mark.parametrize("value", [12, 12.0, "12", "000012", " 12 ", "12.0", "1.2e1"])
def test_a_whole_number_is_one_however_it_is_written(value):
    assert whole_number(value) == 12


def test_a_boolean_is_the_number_that_it_is_elsewhere():
    assert (whole_number(True), whole_number(False)) == (1, 0)


@pytest.mark.parametrize("value", [None, 1.5, "1.5", "a1", "", "1_000", "٣", [1], float("inf"), 1 << 63, 1e300])
def test_what_is_no_whole_number_is_refused(value):
    with pytest.raises(ValueError, match="is no whole number"):
        whole_number(value)


def test_measures_may_be_texts_and_are_finite():
    assert (measure("1.5"), measure(2), measure(-3e4)) == (1.5, 2.0, -3e4)
    for value in (None, True, "wide", "1e999", 10**400, float("inf")):
        with pytest.raises(ValueError, match=r"is no (finite number|number of an image)"):
            measure(value)


def test_a_box_has_four_numbers_near_an_image():
    assert box([1, "2", 3.5, 4]) == (1.0, 2.0, 3.5, 4.0)
    for value in (None, [], [1, 2, 3], [1, 2, 3, 4, 5], "1 2 3 4", [0, 0, 0, 2e9]):
        with pytest.raises(ValueError, match=r"bbox must be|is no place on an image"):
            box(value)


def test_flags_are_zero_or_one():
    assert [flag(value, "iscrowd") for value in (None, False, 0, 0.0, "0")] == [False] * 5
    assert [flag(value, "iscrowd") for value in (True, 1, 1.0, "1")] == [True] * 4
    for value in (2, -1, "yes", []):
        with pytest.raises(ValueError, match=r"iscrowd .* is neither 0 nor 1"):
            flag(value, "iscrowd")


def test_numbers_are_names_and_nothing_else_is_but_texts():
    assert [name_of(value) for value in ("cat", 7, 1.5)] == ["cat", "7", "1.5"]
    for value in (None, True, "", " ", ["cat"], "\ud800"):
        with pytest.raises(ValueError, match=r"is no name|holds half a character"):
            name_of(value)
