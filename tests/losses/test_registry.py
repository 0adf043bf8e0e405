"""Every loss keeps the promise of the registry."""

import pytest
import torch

from yolozu.contract.objective import LossWeights
from yolozu.losses.base import Supervision
from yolozu.losses.registry import LOSSES

pytestmark = pytest.mark.parametrize("name", list(LOSSES))


def supervision(num_queries=6, num_pairs=3, *, scale=1.0, boxes=None):
    generator = torch.Generator().manual_seed(0)

    def drawn(*shape):
        return torch.rand(*shape, generator=generator, dtype=torch.float64)

    low, high = torch.tensor([0.3, 0.3, 0.1, 0.1]), torch.tensor([0.7, 0.7, 0.5, 0.5])
    predicted = low + (high - low) * drawn(num_pairs, 4) if boxes is None else boxes
    return Supervision(
        logits_NC=((drawn(num_queries, 4) - 0.5) * scale).requires_grad_(),
        row_M=torch.randperm(num_queries, generator=generator)[:num_pairs],
        labels_M=torch.randint(0, 4, (num_pairs,), generator=generator),
        boxes_M4=predicted.requires_grad_(),
        target_boxes_M4=low + (high - low) * drawn(num_pairs, 4),
    )


def size(loss, sample):
    return len(sample.logits_NC) if loss.over == "queries" else len(sample.row_M)


def test_the_contract_weighs_it(name):
    assert name in LossWeights.model_fields


def test_there_is_one_number_per_query_or_pair(name):
    loss, sample = LOSSES.load(name), supervision()
    values = loss.compute(sample)
    assert values.shape == (size(loss, sample),)
    assert (values >= 0).all()


def test_without_pairs_it_is_finite_and_differentiable(name):
    loss, sample = LOSSES.load(name), supervision(num_pairs=0)
    values = loss.compute(sample)
    assert values.shape == (size(loss, sample),)
    values.sum().backward()
    assert values.isfinite().all()


def test_without_queries_it_is_empty(name):
    assert LOSSES.load(name).compute(supervision(num_queries=0, num_pairs=0)).shape == (0,)


def test_its_gradient_is_right(name):
    loss, sample = LOSSES.load(name), supervision()
    values = loss.compute(sample)
    if loss.over == "queries":
        # weights and targets are constants, so the numeric derivative must hold them: see test_varifocal
        values.sum().backward()
        assert sample.logits_NC.grad.abs().sum() > 0
        assert sample.boxes_M4.grad is None
        return

    def compute(boxes):
        return loss.compute(Supervision(sample.logits_NC, sample.row_M, sample.labels_M, boxes, sample.target_boxes_M4))

    assert torch.autograd.gradcheck(compute, (sample.boxes_M4,))


@pytest.mark.parametrize("scale", [0.0, 1e3])
@pytest.mark.parametrize("extent", [0.0, 1e-7, 1.0])
def test_values_and_gradients_are_finite_at_extremes(name, scale, extent):
    boxes = torch.tensor([[0.5, 0.5, extent, extent]], dtype=torch.float64).repeat(3, 1)
    loss, sample = LOSSES.load(name), supervision(scale=scale, boxes=boxes)
    values = loss.compute(sample)
    values.sum().backward()
    assert values.isfinite().all()
    for tensor in (sample.logits_NC, sample.boxes_M4):
        assert tensor.grad is None or tensor.grad.isfinite().all()
