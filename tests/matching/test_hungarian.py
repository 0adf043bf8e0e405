"""Assignment of queries to objects."""

from itertools import permutations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from yolozu.geometry.targets import Targets
from yolozu.matching.hungarian import Matcher, NonFiniteCostError, assign, assign_in_order

CPU = torch.device("cpu")


def pairs(assignment):
    columns = (assignment.layer_M, assignment.image_M, assignment.query_M, assignment.object_M)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_three_by_three_worked_out_by_hand():
    # Greedy would take 1 for (0, 0) and end at 1 + 4 + 9; the best is 2 + 2 + 3 on the other diagonal way.
    cost = torch.tensor([[[[1.0, 2.0, 4.0], [2.0, 4.0, 6.0], [3.0, 6.0, 3.0]]]])
    assert pairs(assign(cost, [3])) == [(0, 0, 0, 1), (0, 0, 1, 0), (0, 0, 2, 2)]


def test_layers_and_images_are_matched_apart_and_sorted():
    cost = torch.tensor([[[[0.0], [1.0]], [[1.0], [0.0]]], [[[1.0], [0.0]], [[0.0], [1.0]]]])
    assert pairs(assign(cost, [1, 1])) == [(0, 0, 0, 0), (0, 1, 1, 0), (1, 0, 1, 0), (1, 1, 0, 0)]


def test_padding_is_never_matched():
    cost = torch.tensor([[[[5.0, -9.0], [6.0, -9.0]], [[5.0, -9.0], [6.0, -9.0]]]])
    assert pairs(assign(cost, [1, 0])) == [(0, 0, 0, 0)]


def test_objects_beyond_the_queries_stay_alone():
    assert pairs(assign(torch.tensor([[[[3.0, 1.0, 2.0]]]]), [3])) == [(0, 0, 0, 1)]


@pytest.mark.parametrize("objects", [0, 2])
def test_no_objects_give_no_pairs(objects):
    assignment = assign(torch.zeros(2, 3, 4, objects), [0, 0, 0])
    assert pairs(assignment) == []
    assert assignment.query_M.dtype == torch.int64


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-10, 10), min_size=12, max_size=12))
def test_no_other_assignment_is_cheaper(values):
    cost = torch.tensor(values, dtype=torch.float64).view(1, 1, 4, 3)
    assignment = assign(cost, [3])
    total = cost[0, 0, assignment.query_M, assignment.object_M].sum().item()
    cheapest = min(sum(cost[0, 0, q, t].item() for t, q in enumerate(order)) for order in permutations(range(4), 3))
    assert total == pytest.approx(cheapest)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_costs_that_are_no_numbers_are_an_error_that_says_where(value):
    cost = torch.zeros(2, 2, 3, 2)
    cost[1, 0, 2, 1] = value
    with pytest.raises(NonFiniteCostError) as error:
        assign(cost, [2, 2])
    assert str(error.value) == (
        "supervised layer 1, image 0 of the batch: YZ403 class logits or boxes are NaN or infinite, so objects cannot "
        "be matched to queries\n  fix: lower lr, set clip_grad_norm, or use amp: none"
    )
    assert pairs(assign(cost, [0, 2])) == [(0, 1, 0, 0), (0, 1, 1, 1), (1, 1, 0, 0), (1, 1, 1, 1)]


def test_in_order_gives_object_i_to_query_i():
    assert pairs(assign_in_order(2, 2, [3, 1], CPU)) == [
        *((0, 0, 0, 0), (0, 0, 1, 1), (0, 1, 0, 0)),
        *((1, 0, 0, 0), (1, 0, 1, 1), (1, 1, 0, 0)),
    ]


def test_the_matcher_weighs_its_costs():
    targets = Targets(torch.tensor([[1]]), torch.tensor([[[0.5, 0.5, 0.2, 0.2]]]), torch.tensor([[True]]))
    predicted = {
        "logits": torch.tensor([[[[0.0, 4.0], [0.0, -4.0]]]]),  # query 0 has the class
        "boxes": torch.tensor([[[[0.1, 0.1, 0.2, 0.2], [0.5, 0.5, 0.2, 0.2]]]]),  # query 1 has the box
    }
    assert pairs(Matcher({"class": 1.0, "bbox": 0.0})(predicted, targets)) == [(0, 0, 0, 0)]
    assert pairs(Matcher({"class": 0.0, "bbox": 1.0})(predicted, targets)) == [(0, 0, 1, 0)]
    assert pairs(Matcher({"class": 0.01, "giou": 1.0})(predicted, targets)) == [(0, 0, 1, 0)]


def test_matching_needs_no_gradient():
    targets = Targets(torch.tensor([[0]]), torch.rand(1, 1, 4), torch.tensor([[True]]))
    predicted = {"logits": torch.randn(1, 1, 2, 1, requires_grad=True), "boxes": torch.rand(1, 1, 2, 4)}
    assert not Matcher({"class": 1.0})(predicted, targets).query_M.requires_grad
