"""Every head keeps the promise of the registry."""

import pytest
import torch

from yolozu.model.heads.base import HeadSizes
from yolozu.model.heads.registry import HEADS


@pytest.mark.parametrize("name", list(HEADS))
def test_a_head_maps_queries_to_values_and_trains(name):
    head = HEADS.load(name)(HeadSizes(d_model=16, num_classes=5))
    queries = torch.randn(2, 3, 16, requires_grad=True)
    values = head(queries)
    assert values.shape[:2] == (2, 3)
    values.square().sum().backward()
    assert all(parameter.grad is not None for parameter in head.parameters())
