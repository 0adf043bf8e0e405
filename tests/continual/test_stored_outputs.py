"""The loss of stored outputs, worked out by hand."""

import math

import pytest
import torch

from yolozu.continual.stored_outputs import paired_queries, stored_outputs_loss

LEFT, RIGHT = [0.25, 0.5, 0.2, 0.2], [0.75, 0.5, 0.2, 0.2]


def test_queries_are_paired_by_box_whatever_their_order():
    own = torch.tensor([LEFT, RIGHT, [0.5, 0.1, 0.1, 0.1]])
    stored = torch.tensor([[0.74, 0.5, 0.2, 0.2], [0.26, 0.5, 0.2, 0.2]])
    places, others = paired_queries(torch.zeros(3, 1), own, torch.zeros(2, 1), stored)
    assert dict(zip(places.tolist(), others.tolist(), strict=True)) == {0: 1, 1: 0}


def test_of_queries_on_one_object_the_sure_one_is_paired_with_the_sure_one():
    """Boxes that differ by a hair say nothing of which is which."""
    own, stored = torch.tensor([[0.5, 0.5, 0.2, 0.2], [0.501, 0.5, 0.2, 0.2]]), torch.tensor([[0.5, 0.5, 0.2, 0.2]])
    logits = torch.tensor([[-3.0, -4.0], [3.0, -4.0]])
    places, _ = paired_queries(logits, own, torch.tensor([[3.0, -4.0]]), stored)
    assert places.tolist() == [1]
    # Where none is sure any more, the box decides, and the loss is a large one.
    places, _ = paired_queries(torch.full((2, 2), -4.0), own, torch.tensor([[3.0, -4.0]]), stored)
    assert places.tolist() == [0]


def test_two_queries_worked_out_by_hand():
    """The stored right query is the student's first, moved by .1 to the left and .02 taller; the other is the same."""
    boxes, stored_boxes = torch.tensor([RIGHT, LEFT]), torch.tensor([LEFT, [0.65, 0.5, 0.2, 0.22]])
    logits, stored_logits = torch.tensor([[1.0, -1.0], [0.5, 2.0]]), torch.tensor([[0.5, 2.0], [3.0, -2.0]])
    # Of the logits: (1 - 3)² + (-1 + 2)² = 5 over 2 queries times 2 classes; of the boxes .12, weighted by the scores.
    sure, half = 1 / (1 + math.exp(-3.0)), 1 / (1 + math.exp(-2.0))
    expected = 5 / 4 + sure * 0.12 / (sure + half)
    loss = stored_outputs_loss(logits, boxes, stored_logits, stored_boxes)
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_boxes_of_few_sure_queries_count_little():
    """Below one object in all the weights are not blown up."""
    boxes, stored_boxes = torch.tensor([RIGHT]), torch.tensor([[0.65, 0.5, 0.2, 0.2]])
    loss = stored_outputs_loss(torch.tensor([[-4.0]]), boxes, torch.tensor([[-4.0]]), stored_boxes)
    assert loss.item() == pytest.approx(0.1 / (1 + math.exp(4.0)), rel=1e-5)


def test_gradients_lead_to_what_is_stored_and_vanish_there():
    boxes, logits = torch.tensor([RIGHT, LEFT], requires_grad=True), torch.zeros(2, 3, requires_grad=True)
    stored = torch.tensor([[2.0, -1.0, 0.0], [0.0, 0.0, 1.0]])
    stored_outputs_loss(logits, boxes, stored, torch.tensor([RIGHT, LEFT])).backward()
    assert torch.equal(logits.grad, -stored * 2 / 6)
    assert torch.equal(boxes.grad, torch.zeros(2, 4))


def test_without_stored_queries_it_is_zero_with_a_graph():
    logits = torch.ones(2, 3, requires_grad=True)
    loss = stored_outputs_loss(logits, torch.tensor([RIGHT, LEFT]), torch.zeros(0, 3), torch.zeros(0, 4))
    loss.backward()
    assert (loss.item(), logits.grad.abs().max().item()) == (0.0, 0.0)


@pytest.mark.parametrize(("own", "stored"), [(1, 3), (3, 1)])
def test_of_unequal_numbers_the_best_pairs_count(own, stored):
    boxes = torch.tensor([LEFT, RIGHT, [0.5, 0.9, 0.1, 0.1]])
    logits = torch.zeros(3, 1)
    places, others = paired_queries(logits[:own], boxes[:own], logits[:stored], boxes[:stored])
    assert (places.tolist(), others.tolist()) == ([0], [0])


def test_boxes_that_are_not_finite_give_a_loss_that_is_not():
    boxes = torch.tensor([[math.nan] * 4, LEFT])
    loss = stored_outputs_loss(torch.zeros(2, 1), boxes, torch.zeros(2, 1), torch.tensor([LEFT, RIGHT]))
    assert not math.isfinite(loss.item())
