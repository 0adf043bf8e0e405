from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.predict.tta.scenes import record_of
from yolozu.data.preprocess import Preprocess
from yolozu.predict.tta.matching import Members, Seen, objects_of
from yolozu.predict.tta.views import OWN, View
from yolozu.structures.detections import RawDetections

SQUARE = Preprocess(height=100, width=100, fill=0)
CUP, CAN = 0, 1


def seen(*rows, view=OWN):
    """A view's detections of (score, class, box)."""
    scores, classes, boxes = zip(*rows, strict=True) if rows else ((), (), ())
    raw = RawDetections(np.array(scores, float), np.array(classes, np.int64), np.array(boxes, float).reshape(-1, 4))
    return Seen(raw, view.place(record_of(camera=False), 100, 100, SQUARE, any_size=False))


def box(center_x, width=0.2, height=0.2):
    return (center_x, 0.5, width, height)


def groups(*views, iou=0.5):
    """Places of the detections (view by view) that are one object, as a set of sets."""
    numbers = objects_of(views, iou=iou)
    return {frozenset(np.flatnonzero(numbers == number).tolist()) for number in set(numbers.tolist())}


def test_detections_of_one_class_that_overlap_are_one_object():
    first = seen((0.9, CUP, box(0.5)), (0.8, CAN, box(0.5)))
    second = seen((0.7, CUP, box(0.51)), (0.6, CUP, box(0.8)))
    assert groups(first, second) == {frozenset({0, 2}), frozenset({1}), frozenset({3})}


def test_overlap_is_at_least_the_asked_for_one():
    # 0.2 wide and 0.1 apart: a third
    first, second = seen((0.9, CUP, box(0.5))), seen((0.7, CUP, box(0.6)))
    assert groups(first, second, iou=0.33) == {frozenset({0, 1})}
    assert groups(first, second, iou=0.34) == {frozenset({0}), frozenset({1})}


def test_of_several_candidates_the_one_with_the_largest_product_of_overlap_and_score_is_taken():
    """Neither the nearly unscored duplicate that overlaps most nor the neighbor that is scored best."""
    first = seen((0.9, CUP, box(0.5)))
    second = seen((0.8, CUP, box(0.56)), (0.7, CUP, box(0.51)), (0.05, CUP, box(0.5)))
    assert groups(first, second) == {frozenset({0, 2}), frozenset({1}), frozenset({3})}


def test_the_best_scored_takes_first():
    first = seen((0.6, CUP, box(0.5)))
    second = seen((0.9, CUP, box(0.53)))
    third = seen((0.5, CUP, box(0.56)))
    # 0.03 apart is 0.74, 0.06 apart 0.54: all three with the one in the middle, which founds the object
    assert groups(first, second, third, iou=0.7) == {frozenset({0, 1, 2})}


@pytest.mark.parametrize("turn_deg", [0.0, 45.0, 90.0, -30.0])
@pytest.mark.parametrize("scores", [(0.9, 0.5), (0.5, 0.9)])
def test_a_long_object_is_recognized_in_a_turned_view(turn_deg, scores):
    """Its box there is hardly like its box here, but it is when both are looked at turned."""
    view = View(turn_deg=turn_deg)
    angle = np.radians(turn_deg)
    # a bar of 60 x 6 px, turned with the picture, fills the box around itself
    half = np.abs([[np.cos(angle), np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ [0.3, 0.03]
    own = seen((scores[0], CUP, box(0.5, 0.6, 0.06)))
    turned = seen((scores[1], CUP, (0.5, 0.5, *(2 * half))), view=view)
    assert groups(own, turned) == {frozenset({0, 1})}


def test_boxes_without_an_area_overlap_nothing():
    assert groups(seen((0.9, CUP, box(0.5, 0.0))), seen((0.9, CUP, box(0.5, 0.0)))) == {frozenset({0}), frozenset({1})}


ROWS = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.integers(0, 2),
        st.tuples(st.floats(0.2, 0.8), st.floats(0.2, 0.8), st.floats(0.05, 0.4), st.floats(0.05, 0.4)),
    ),
    max_size=12,
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=4), st.floats(0.01, 1.0))
def test_every_detection_is_of_one_object_with_one_detection_a_view_and_one_class(rows, iou):
    views = [seen(*entries, view=View(turn_deg=20.0 * number)) for number, entries in enumerate(rows)]
    numbers = objects_of(views, iou=iou)
    view_of = np.repeat(np.arange(len(rows)), [len(entries) for entries in rows])
    class_of = np.array([entry[1] for entries in rows for entry in entries])
    assert set(numbers.tolist()) == set(range(int(numbers.max(initial=-1)) + 1))
    for number in set(numbers.tolist()):
        members = numbers == number
        assert len(set(view_of[members].tolist())) == members.sum()
        assert len(set(class_of[members].tolist())) == 1


MEMBERS = Members(
    object_N=np.array([0, 1, 0, 0]),
    view_N=np.array([0, 0, 1, 2]),
    scores_N=np.array([0.2, 0.9, 0.6, 0.6]),
    boxes_N4=np.arange(16.0).reshape(4, 4),
    count=3,
)


def test_means_are_weighted_by_score():
    values = np.array([[1.0, 0.0], [5.0, 5.0], [2.0, 1.0], [3.0, 1.0]])
    np.testing.assert_allclose(MEMBERS.mean(values), [[3.2 / 1.4, 1.2 / 1.4], [5.0, 5.0], [0.0, 0.0]])
    np.testing.assert_allclose(MEMBERS.mean(values[:, 0]), [3.2 / 1.4, 5.0, 0.0])


def test_members_that_all_have_score_0_still_have_a_mean():
    none = Members(np.zeros(2, int), np.arange(2), np.zeros(2), np.zeros((2, 4)), 1)
    assert none.mean(np.array([1.0, 3.0])) == pytest.approx([2.0])


def test_scores_are_summed_and_the_best_member_is_the_first_of_equal_ones():
    assert MEMBERS.sums() == pytest.approx([1.4, 0.9, 0.0])
    assert MEMBERS.best().tolist() == [2, 1, -1]
    assert MEMBERS.have_any().tolist() == [True, True, False]


def test_some_members_are_of_as_many_objects():
    some = MEMBERS.of(MEMBERS.view_N > 0)
    assert (some.object_N.tolist(), some.view_N.tolist(), some.count) == ([0, 0], [1, 2], 3)
    assert some.boxes_N4[:, 0].tolist() == [8.0, 12.0]
    assert some.have_any().tolist() == [True, False, False]
