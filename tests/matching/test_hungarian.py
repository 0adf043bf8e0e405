"""Assignment of queries to objects."""

from itertools import permutations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures.poses import perfect_heads, with_poses
from tests.matching.costs.posed import candidates
from tests.model.tiny import targets
from yolozu.geometry.rotations import SymmetryTable
from yolozu.matching import hungarian
from yolozu.matching.costs.base import Candidates
from yolozu.matching.hungarian import Matcher, NonFiniteCostError, assign, assign_in_order
from yolozu.structures.targets import Targets

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


@pytest.mark.parametrize("value", [None, float("nan")])
def test_threads_find_the_pairs_that_one_finds(monkeypatch, value):
    costs, counts = torch.rand(3, 4, 12, 5, generator=torch.Generator().manual_seed(0)), [5, 0, 3, 1]
    costs[2, 0, 3] = costs[2, 0, 4]  # whichever of equal ones it is, it stays that one
    if value is not None:
        costs[1, 2, 0, 0] = costs[2, 0, 0, 0] = value
    found = []
    for threads, worth in ((1, 0), (3, 0), (3, costs.numel() + 1)):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        monkeypatch.setattr(hungarian, "WORTH_THREADS", worth)
        try:
            found.append([pairs.tolist() for pairs in vars(assign(costs, counts)).values()])
        except NonFiniteCostError as error:
            found.append(str(error))
    assert found[0] == found[1] == found[2]
    assert (value is None) == isinstance(found[0], list)


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
        "supervised layer 1, image 0 of the batch: YZ403 class logits, boxes or poses are NaN or infinite, so "
        "objects cannot be matched to queries\n  fix: lower lr, set clip_grad_norm, or use amp: none"
    )
    assert pairs(assign(cost, [0, 2])) == [(0, 1, 0, 0), (0, 1, 1, 1), (1, 1, 0, 0), (1, 1, 1, 1)]


def test_in_order_gives_object_i_to_query_i():
    assert pairs(assign_in_order(2, 2, [3, 1], CPU)) == [
        *((0, 0, 0, 0), (0, 0, 1, 1), (0, 1, 0, 0)),
        *((1, 0, 0, 0), (1, 0, 1, 1), (1, 1, 0, 0)),
    ]


def of_boxes(predicted, truth):
    return Candidates(predicted, truth, None, SymmetryTable.none_of(1))


def test_the_matcher_weighs_its_costs():
    truth = Targets(torch.tensor([[1]]), torch.tensor([[[0.5, 0.5, 0.2, 0.2]]]), torch.tensor([[True]]))
    predicted = {
        "logits": torch.tensor([[[[0.0, 4.0], [0.0, -4.0]]]]),  # query 0 has the class
        "boxes": torch.tensor([[[[0.1, 0.1, 0.2, 0.2], [0.5, 0.5, 0.2, 0.2]]]]),  # query 1 has the box
    }
    given = of_boxes(predicted, truth)
    assert pairs(Matcher({"class": 1.0, "bbox": 0.0})(given)) == [(0, 0, 0, 0)]
    assert pairs(Matcher({"class": 0.0, "bbox": 1.0})(given)) == [(0, 0, 1, 0)]
    assert pairs(Matcher({"class": 0.01, "giou": 1.0})(given)) == [(0, 0, 1, 0)]


def test_matching_needs_no_gradient():
    truth = Targets(torch.tensor([[0]]), torch.rand(1, 1, 4), torch.tensor([[True]]))
    predicted = {"logits": torch.randn(1, 1, 2, 1, requires_grad=True), "boxes": torch.rand(1, 1, 2, 4)}
    assert not Matcher({"class": 1.0})(of_boxes(predicted, truth)).query_M.requires_grad


WRONG = {"z": {"z": 5.0}, "rot": {"degrees": 200.0}, "t": {"right": 40.0}}


@pytest.mark.parametrize("name", WRONG)
def test_a_pose_cost_chooses_the_query_with_the_better_pose(name):
    given = candidates(WRONG[name], {})
    assert pairs(Matcher({"class": 1.0})(given)) == [(0, 0, 0, 0)]  # the first of equals
    assert pairs(Matcher({"class": 1.0, name: 1.0})(given)) == [(0, 0, 1, 0)]


@pytest.mark.parametrize(("step", "query"), [(0, 0), (4, 0), (5, 1), (900, 1), (None, 1)])
@pytest.mark.parametrize("name", WRONG)
def test_a_cost_counts_from_its_start_step_and_at_the_end(name, step, query):
    """A step is how many there were before it: a start of 5 spares the first five."""
    matcher = Matcher({"class": 1.0, name: 1.0}, {name: 5})
    assert pairs(matcher(candidates(WRONG[name], {}), step)) == [(0, 0, query, 0)]


def test_every_cost_has_a_start_of_its_own():
    """The first query is off in depth, the second in rotation: which cost counts first decides."""
    given = candidates({"z": 2.5}, {"degrees": 120.0})
    matcher = Matcher({"class": 1.0, "z": 1.0, "rot": 1.0}, {"z": 2, "rot": 7})
    assert [pairs(matcher(given, step))[0][2] for step in (0, 1, 2, 6, 7, 8)] == [0, 0, 1, 1, 0, 0]


def test_layers_that_say_no_pose_are_matched_without():
    """As those of proposals, which come last."""
    given = candidates(WRONG["z"], {})
    predicted = {
        name: values.repeat(2, 1, 1, 1) if name in ("logits", "boxes") else values
        for name, values in given.predicted.items()
    }
    both = Candidates(predicted, given.targets, given.k_delta_B4, given.symmetries)
    assert pairs(Matcher({"class": 1.0, "z": 1.0})(both)) == [(0, 0, 1, 0), (1, 0, 0, 0)]


def test_perfect_poses_find_their_objects_in_any_order():
    truth = with_poses(targets(4, 4))
    heads, order = perfect_heads(truth), torch.tensor([2, 0, 3, 1])
    predicted = {name: values[None][:, :, order] for name, values in heads.items()}
    predicted |= {"logits": torch.zeros(1, 2, 4, 3), "boxes": truth.boxes_BT4[None][:, :, order]}
    given = Candidates(predicted, truth, truth.poses.k_delta_B4, SymmetryTable.none_of(3))
    for name in WRONG:
        found = Matcher({name: 1.0})(given)
        assert torch.equal(order[found.query_M], found.object_M)


def test_objects_without_poses_are_matched_by_the_other_costs():
    truth = with_poses(targets(2), lacking=[(0, 0), (0, 1)])
    boxes = truth.boxes_BT4[None].flip(2)
    predicted = {name: torch.randn(1, 1, 2, width) for name, width in {"log_z": 1, "rot6d": 6, "offsets": 2}.items()}
    predicted |= {"logits": torch.zeros(1, 1, 2, 3), "boxes": boxes}
    given = Candidates(predicted, truth, torch.zeros(1, 4), SymmetryTable.none_of(3))
    found = Matcher({"bbox": 1e-3, "z": 100.0, "rot": 100.0, "t": 100.0})(given)
    assert pairs(found) == [(0, 0, 0, 1), (0, 0, 1, 0)]
