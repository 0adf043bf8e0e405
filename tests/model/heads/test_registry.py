"""Every head keeps the promise of its registry."""

import pytest
import torch

from yolozu.model.heads.base import HeadSizes
from yolozu.model.heads.registry import HEADS, POSE_HEADS

SIZES = HeadSizes(d_model=16, num_classes=5)
WIDTHS = {"log_z": 1, "rot6d": 6, "offsets": 2, "log_sigma_z": 1, "log_sigma_rot": 1}
SIZE = (64, 96)


def boxes(*shape):
    return torch.rand(*shape, 4, generator=torch.Generator().manual_seed(0)) * 0.5 + 0.1


@pytest.mark.parametrize("name", list(HEADS))
def test_a_head_maps_queries_to_values_and_trains(name):
    head = HEADS.load(name)(SIZES)
    queries = torch.randn(2, 3, 16, requires_grad=True)
    values = head(queries)
    assert values.shape[:2] == (2, 3)
    values.square().sum().backward()
    assert all(parameter.grad is not None for parameter in head.parameters())


@pytest.mark.parametrize("name", list(POSE_HEADS))
def test_a_pose_head_maps_queries_and_boxes_to_values_and_trains(name):
    head = POSE_HEADS.load(name)(SIZES)
    values = head(torch.randn(2, 3, 16), boxes(2, 3), SIZE)
    assert values.shape == (2, 3, WIDTHS[name])
    (values - 1.5).square().sum().backward()
    assert all(parameter.grad is not None for parameter in head.parameters())
    assert head.mlp.layers[-1].weight.grad.abs().sum() > 0


def test_every_pose_head_has_its_width_here():
    assert list(POSE_HEADS) == list(WIDTHS)


@pytest.mark.parametrize("name", list(POSE_HEADS))
def test_a_pose_head_says_the_same_of_every_query_before_training(name):
    head = POSE_HEADS.load(name)(SIZES)
    same = boxes(1, 1).expand(2, 3, 4)
    first, other = (head(torch.randn(2, 3, 16), same, SIZE) for _ in range(2))
    assert torch.equal(first, other)
    assert torch.equal(first, first[:1, :1].expand_as(first))


@pytest.mark.parametrize("name", list(POSE_HEADS))
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_pose_head_computes_in_single_precision_whatever_surrounds_it(name, dtype):
    head = POSE_HEADS.load(name)(SIZES)
    torch.nn.init.normal_(head.mlp.layers[-1].weight)
    queries = torch.randn(2, 3, 16).to(dtype)
    expected = head(queries.float(), boxes(2, 3), SIZE)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = head(queries, boxes(2, 3), SIZE)
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)


@pytest.mark.parametrize("name", list(POSE_HEADS))
@pytest.mark.parametrize("extent", [0.0, 1e-9, 1.0])
def test_a_pose_head_is_finite_whatever_the_box(name, extent):
    head = POSE_HEADS.load(name)(SIZES)
    torch.nn.init.normal_(head.mlp.layers[-1].weight)
    values = head(torch.randn(2, 16), torch.tensor([[0.5, 0.5, extent, extent]] * 2), SIZE)
    values.sum().backward()
    assert values.isfinite().all()
    assert all(parameter.grad.isfinite().all() for parameter in head.parameters())
