"""Formats and overlaps of boxes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from yolozu.geometry.boxes import area, cxcywh_to_xyxy, giou, iou, xyxy_to_cxcywh

sides = st.floats(0.01, 1.0)
places = st.floats(-1.0, 2.0)
boxes = st.tuples(places, places, sides, sides).map(lambda box: cxcywh_to_xyxy(torch.tensor(box, dtype=torch.float64)))


def test_center_and_size_become_corners():
    assert cxcywh_to_xyxy(torch.tensor([[0.5, 0.25, 0.5, 0.125]])).tolist() == [[0.25, 0.1875, 0.75, 0.3125]]


@settings(deadline=None)
@given(boxes)
def test_formats_are_inverse(box):
    torch.testing.assert_close(cxcywh_to_xyxy(xyxy_to_cxcywh(box)), box)


def test_area_is_width_times_height():
    assert area(torch.tensor([[1.0, 1.0, 4.0, 3.0], [2.0, 2.0, 2.0, 5.0]])).tolist() == [6.0, 0.0]


@pytest.mark.parametrize(
    ("second", "overlap", "generalized"),
    [
        ((0.0, 0.0, 2.0, 2.0), 1.0, 1.0),
        ((1.0, 1.0, 3.0, 3.0), 1 / 7, 1 / 7 - 2 / 9),
        ((0.0, 0.0, 1.0, 2.0), 0.5, 0.5),
        ((2.0, 0.0, 4.0, 2.0), 0.0, 0.0),
        ((4.0, 0.0, 6.0, 2.0), 0.0, -1 / 3),
        ((4.0, 4.0, 6.0, 6.0), 0.0, -7 / 9),
    ],
    ids=["same", "shifted", "half", "touching", "beside", "diagonal"],
)
def test_overlaps_worked_out_by_hand(second, overlap, generalized):
    first, other = torch.tensor([0.0, 0.0, 2.0, 2.0]), torch.tensor(second)
    assert iou(first, other).item() == pytest.approx(overlap, abs=1e-6)
    assert giou(first, other).item() == pytest.approx(generalized, abs=1e-6)


def test_boxes_without_extent_overlap_nothing():
    point = torch.tensor([0.5, 0.5, 0.5, 0.5])
    assert iou(point, point).item() == 0.0
    assert giou(point, point).isfinite()


@settings(max_examples=50, deadline=None)
@given(boxes, boxes)
def test_overlaps_are_symmetric_and_bounded(first, second):
    assert 0.0 <= iou(first, second).item() <= 1.0 + 1e-9
    assert -1.0 <= giou(first, second).item() <= iou(first, second).item() + 1e-9
    assert giou(first, second).item() == pytest.approx(giou(second, first).item(), abs=1e-9)


def test_all_with_all_equals_pair_by_pair():
    torch.manual_seed(0)
    first, second = cxcywh_to_xyxy(torch.rand(4, 4)), cxcywh_to_xyxy(torch.rand(3, 4))
    table = giou(first[:, None], second)
    assert table.shape == (4, 3)
    for row in range(4):
        for column in range(3):
            assert table[row, column] == giou(first[row], second[column])
