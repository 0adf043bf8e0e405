import math
from pathlib import Path

import pytest

from yolozu.data.readers.named_boxes import (
    NamedBox,
    NamedImage,
    around,
    as_fractions,
    class_name,
    classes_of,
    number,
    turned,
)


def test_a_box_turned_by_a_quarter_swaps_its_sides():
    assert around(turned((0.0, 0.0, 4.0, 2.0), 90.0, (2.0, 1.0))) == pytest.approx((1.0, -1.0, 3.0, 3.0))
    assert turned((0.0, 0.0, 1.0, 0.0), 30.0, (0.0, 0.0))[1] == pytest.approx((math.cos(math.pi / 6), 0.5))


def test_classes_keep_the_order_that_is_given_and_others_follow_sorted():
    boxes = tuple(NamedBox("", name, (0.0, 0.0, 1.0, 1.0)) for name in ("dog", "bee", "ant"))
    assert classes_of([NamedImage(Path("a"), boxes, has_labels=True)], ["dog", "cat"]).names == (
        "dog",
        "cat",
        "ant",
        "bee",
    )


@pytest.mark.parametrize("value", [None, True, "", "x", "nan", float("inf"), 10**400, [1]])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match="is no number"):
        number(value)


def test_numbers_and_names_are_read_as_tools_write_them():
    assert (number(" 1.5 "), number(2), class_name(" big dog ")) == (1.5, 2.0, "big dog")
    with pytest.raises(ValueError, match="is no name"):
        class_name(" ")


def test_boxes_become_fractions_and_nothing_far_away_is_one():
    assert as_fractions((16.0, 12.0, 32.0, 48.0), (64, 48)) == (0.25, 0.25, 0.5, 1.0)
    with pytest.raises(ValueError, match="is no place on an image"):
        as_fractions((0.0, 0.0, 1e12, 1.0), (64, 48))
    with pytest.raises(ValueError, match="has no points"):
        around([])
