"""Query selection."""

import pytest
import torch

from tests.model.tiny import scattered
from yolozu.errors import InputError
from yolozu.model.heads.base import HeadSizes
from yolozu.model.queries import QuerySelector
from yolozu.model.reference_boxes import anchor_boxes

SIZES = ((4, 6), (2, 3), (1, 1))


def selector(num_queries=5):
    torch.manual_seed(0)
    module = QuerySelector(HeadSizes(d_model=16, num_classes=3), num_queries=num_queries, anchor_size=0.1)
    scattered(module)
    return module


def test_the_best_positions_come_first():
    module = selector()
    memory = torch.randn(2, 31, 16)
    proposals = module(memory, SIZES)
    everything = selector(num_queries=31)(memory, SIZES)
    best = proposals.logits_BQC.amax(-1)
    assert best.shape == (2, 5)
    assert torch.equal(best, best.sort(descending=True).values)
    torch.testing.assert_close(best, everything.logits_BQC.amax(-1)[:, :5])


def test_boxes_start_at_the_anchor_of_their_position():
    module = selector(num_queries=31)
    torch.nn.init.zeros_(module.boxes.layers[-1].weight)
    torch.nn.init.zeros_(module.boxes.layers[-1].bias)
    boxes = module(torch.randn(1, 31, 16), SIZES).box_logits_BQ4.sigmoid()[0]
    anchors = anchor_boxes(SIZES, 0.1, torch.device("cpu"))
    assert sorted(map(tuple, boxes.mul(1e4).round().tolist())) == sorted(map(tuple, anchors.mul(1e4).round().tolist()))


def test_gradients_reach_everything():
    module = selector()
    memory = torch.randn(2, 31, 16, requires_grad=True)
    proposals = module(memory, SIZES)
    (proposals.logits_BQC.square().sum() + proposals.box_logits_BQ4.square().sum()).backward()
    assert memory.grad.abs().sum() > 0
    assert all(parameter.grad.abs().sum() > 0 for parameter in module.parameters())


def test_more_queries_than_positions_are_refused():
    with pytest.raises(InputError) as error:
        selector(num_queries=32)(torch.randn(1, 31, 16), SIZES)
    assert str(error.value) == (
        "network input 32x48: YZ401 it has 31 positions to propose objects from, but num_queries is 32\n"
        "  fix: set model.num_queries to 31 or less, or raise image_size"
    )
