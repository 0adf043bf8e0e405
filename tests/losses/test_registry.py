"""Every loss keeps the promise of the registry."""

from dataclasses import replace

import pytest
import torch

from tests.fixtures.poses import in_double, random_rotations
from yolozu.contract.sections.losses import LossWeights
from yolozu.geometry.rotations import SymmetryTable
from yolozu.losses.base import Corrections, PosePairs, Supervision
from yolozu.losses.registry import LOSSES

pytestmark = pytest.mark.parametrize("name", list(LOSSES))

POSED = ("log_z_P", "R_P33", "offsets_P2", "t_P3")
"""What losses of poses may depend on."""


def supervision(num_queries=6, num_pairs=3, *, scale=1.0, boxes=None):
    generator = torch.Generator().manual_seed(0)

    def drawn(*shape):
        return torch.rand(*shape, generator=generator, dtype=torch.float64)

    low, high = torch.tensor([0.3, 0.3, 0.1, 0.1]), torch.tensor([0.7, 0.7, 0.5, 0.5])
    predicted = low + (high - low) * drawn(num_pairs, 4) if boxes is None else boxes
    labels = torch.randint(0, 4, (num_pairs,), generator=generator)
    return Supervision(
        logits_NC=((drawn(num_queries, 4) - 0.5) * scale).requires_grad_(),
        row_M=torch.randperm(num_queries, generator=generator)[:num_pairs],
        labels_M=labels,
        boxes_M4=predicted.requires_grad_(),
        target_boxes_M4=low + (high - low) * drawn(num_pairs, 4),
        poses=poses(labels, generator, scale),
        corrections=corrections(2 if num_pairs else 0, generator, scale),
    )


def poses(labels, generator, scale):
    """The last pair's object has neither pose nor offset."""
    count = len(labels)

    def drawn(*shape):
        return torch.rand(*shape, generator=generator, dtype=torch.float64)

    known = torch.arange(count) < count - 1
    rotations = random_rotations(2, count, generator=generator, dtype=torch.float64)
    return PosePairs(
        labels_P=labels,
        log_z_P=((drawn(count) - 0.5) * scale).requires_grad_(),
        R_P33=rotations[0].requires_grad_(),
        offsets_P2=((drawn(count, 2) - 0.5) * 10 * scale).requires_grad_(),
        t_P3=((drawn(count, 3) - 0.5) * scale).requires_grad_(),
        log_sigmas={},
        target_R_P33=rotations[1],
        target_t_P3=torch.cat([drawn(count, 2), 1 + drawn(count, 1)], dim=1),
        has_pose_P=known,
        target_offsets_P2=(drawn(count, 2) - 0.5) * 10,
        has_offsets_P=known,
        size_P2=torch.tensor([[64.0, 96.0]] * count, dtype=torch.float64).reshape(count, 2),
        symmetries=in_double(SymmetryTable.none_of(4)),
    )


def corrections(count, generator, scale):
    """The last image's true camera is not known."""
    k_delta, target = torch.rand(2, count, 4, generator=generator, dtype=torch.float64) - 0.5
    size = torch.tensor([[64.0, 96.0]] * count, dtype=torch.float64).reshape(count, 2)
    return Corrections((k_delta * scale).requires_grad_(), target, torch.arange(count) < count - 1, size)


def size(loss, sample):
    return {
        "queries": len(sample.logits_NC),
        "pairs": len(sample.row_M),
        "poses": len(sample.poses.labels_P),
        "images": len(sample.corrections.known_B),
    }[loss.over]


def inputs(sample):
    """Name -> tensor of all that a loss may teach."""
    return {
        "logits_NC": sample.logits_NC,
        "boxes_M4": sample.boxes_M4,
        **{name: getattr(sample.poses, name) for name in POSED},
        "k_delta_B4": sample.corrections.k_delta_B4,
    }


def test_the_contract_weighs_it(name):
    assert name in LossWeights.model_fields


def test_there_is_one_number_per_query_pair_pose_or_image(name):
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
    if loss.holds_constants:  # as the numeric derivative does not: the loss's own test holds its gradient
        loss.compute(sample).sum().backward()
        assert any(tensor.grad is not None and tensor.grad.abs().sum() > 0 for tensor in inputs(sample).values())
        return

    def compute(boxes, k_delta, *posed):
        pairs = replace(sample.poses, **dict(zip(POSED, posed, strict=True)))
        changed = replace(sample.corrections, k_delta_B4=k_delta)
        return loss.compute(replace(sample, boxes_M4=boxes, poses=pairs, corrections=changed))

    posed = [getattr(sample.poses, name) for name in POSED]
    assert torch.autograd.gradcheck(compute, (sample.boxes_M4, sample.corrections.k_delta_B4, *posed))


def test_objects_and_images_of_which_nothing_is_known_add_and_teach_nothing(name):
    loss, sample = LOSSES.load(name), supervision()
    if loss.over not in ("poses", "images"):
        return
    values = loss.compute(sample)
    assert values[-1] == 0.0
    assert (values[:-1] > 0).all()
    values.sum().backward()
    taught = [tensor.grad for tensor in inputs(sample).values() if tensor.grad is not None]
    assert len(taught) == 1
    assert taught[0][-1].abs().sum() == 0.0
    assert all(row.abs().sum() > 0 for row in taught[0][:-1])


@pytest.mark.parametrize("scale", [0.0, 1e3])
@pytest.mark.parametrize("extent", [0.0, 1e-7, 1.0])
def test_values_and_gradients_are_finite_at_extremes(name, scale, extent):
    boxes = torch.tensor([[0.5, 0.5, extent, extent]], dtype=torch.float64).repeat(3, 1)
    loss, sample = LOSSES.load(name), supervision(scale=scale, boxes=boxes)
    values = loss.compute(sample)
    values.sum().backward()
    assert values.isfinite().all()
    for tensor in inputs(sample).values():
        assert tensor.grad is None or tensor.grad.isfinite().all()


def test_what_is_perfect_costs_nothing_and_has_a_finite_gradient(name):
    loss, sample = LOSSES.load(name), supervision()
    if loss.over == "queries":
        return
    pairs, found = sample.poses, sample.corrections
    perfect = replace(
        sample,
        boxes_M4=sample.target_boxes_M4.clone().requires_grad_(),
        poses=replace(
            pairs,
            log_z_P=pairs.target_t_P3[:, 2].log().requires_grad_(),
            R_P33=pairs.target_R_P33.clone().requires_grad_(),
            offsets_P2=pairs.target_offsets_P2.clone().requires_grad_(),
            t_P3=pairs.target_t_P3.clone().requires_grad_(),
        ),
        corrections=replace(found, k_delta_B4=found.target_B4.clone().requires_grad_()),
    )
    values = loss.compute(perfect)
    values.sum().backward()
    assert values.abs().max() < 1e-6
    for tensor in inputs(perfect).values():
        assert tensor.grad is None or tensor.grad.isfinite().all()
