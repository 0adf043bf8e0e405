"""Depth loss."""

import math

import pytest
import torch

from yolozu.losses.depth import log_depth_loss


def test_it_is_the_difference_of_logarithms():
    loss = log_depth_loss(torch.tensor([math.log(2.0), math.log(0.5), 0.0]), torch.tensor([1.0, 2.0, 1.0]))
    assert loss.tolist() == pytest.approx([math.log(2.0), math.log(4.0), 0.0])


def test_near_the_truth_it_is_the_relative_error():
    assert log_depth_loss(torch.tensor([1.01]).log(), torch.tensor([1.0])).item() == pytest.approx(0.01, rel=0.01)


def test_it_pulls_with_the_same_force_however_far_the_object_is():
    predicted = torch.tensor([0.5, 5.0]).log().requires_grad_()
    log_depth_loss(predicted, torch.tensor([1.0, 10.0])).sum().backward()
    assert predicted.grad.tolist() == [-1.0, -1.0]
