import numpy as np
import pytest

from yolozu.predict.tta.members import Members

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
