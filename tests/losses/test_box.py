"""Box losses."""

import pytest
import torch

from yolozu.losses.box import box_giou_loss, box_l1_loss


def test_l1_is_the_sum_of_the_four_differences():
    loss = box_l1_loss(torch.tensor([[0.5, 0.5, 0.2, 0.4]]), torch.tensor([[0.4, 0.7, 0.5, 0.4]]))
    assert loss.tolist() == pytest.approx([0.6])


def test_giou_worked_out_by_hand():
    # 2x2 boxes shifted by (1, 1): intersection 1, union 7, enclosure 9
    loss = box_giou_loss(torch.tensor([[0.2, 0.2, 0.2, 0.2]]), torch.tensor([[0.3, 0.3, 0.2, 0.2]]))
    assert loss.tolist() == pytest.approx([1 - (1 / 7 - 2 / 9)], abs=1e-5)


def test_equal_boxes_cost_nothing():
    boxes = torch.tensor([[0.5, 0.5, 0.2, 0.4]])
    assert box_l1_loss(boxes, boxes).item() == 0.0
    assert box_giou_loss(boxes, boxes).item() == pytest.approx(0.0, abs=1e-6)


def test_giou_pulls_boxes_apart_together():
    predicted = torch.tensor([[0.2, 0.5, 0.1, 0.1]], requires_grad=True)
    box_giou_loss(predicted, torch.tensor([[0.8, 0.5, 0.1, 0.1]])).sum().backward()
    assert predicted.grad[0, 0] < 0.0
