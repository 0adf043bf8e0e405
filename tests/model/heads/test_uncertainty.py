"""Expected errors."""

import torch

from yolozu.model.heads.base import HeadSizes
from yolozu.model.heads.uncertainty import LARGEST, LogSigmaHead


def said(start):
    head = LogSigmaHead(HeadSizes(d_model=8, num_classes=5))
    if start is not None:
        head.start_at(start)
    return head(torch.randn(1, 8), torch.rand(1, 4), (64, 64)).item()


def test_errors_start_at_one():
    assert said(None) == 0.0


def test_they_stay_within_bounds_and_small_values_are_as_they_are():
    assert said(1e9) == LARGEST
    assert said(-1e9) == -LARGEST
    assert abs(said(0.1) - 0.1) < 1e-4
