"""A step computed twice is the same step; numbers that overflow are found where they do."""

import pytest
import torch

from tests.training.tiny import PREPROCESS, training_config
from yolozu.data.collate import collate
from yolozu.training.batch_sharding import shares_of
from yolozu.training.config import build_learner
from yolozu.training.distributed import SINGLE_PROCESS
from yolozu.training.non_finite.recompute import BatchPart, recompute


@pytest.fixture
def learner(tiny):
    chosen = training_config(clip_grad_norm=0.0)
    materials = tiny.materials(chosen)
    return build_learner(chosen, materials.detector, materials.loss, preprocess=PREPROCESS, total_steps=10)


@pytest.fixture
def window(tiny):
    images = tiny.materials(training_config()).train_images
    return [collate([images[0, number] for number in pair]) for pair in ((0, 1), (2, 3))]


def parts_of(window):
    return [BatchPart(share, place, 0) for place, share in enumerate(shares_of(window, SINGLE_PROCESS))]


def plant(learner, name, value):
    with torch.no_grad():
        weight = dict(learner.detector.named_parameters())[name]
        weight[(0,) * weight.ndim] = value


def test_it_gives_the_numbers_of_the_step_and_leaves_nothing_behind(learner, window):
    before = {name: tensor.clone() for name, tensor in learner.weights()[0].items()}
    found = recompute(learner, parts_of(window), 4)
    assert (found.non_finite, found.anomaly) == (None, None)
    assert all(torch.equal(tensor, before[name]) for name, tensor in learner.weights()[0].items())
    assert all(parameter.grad is None for parameter in learner.detector.parameters())
    report = learner.learn(window, 4)
    shares = [part.share.weight for part in parts_of(window)]
    for name, value in report.losses.items():
        again = sum(weight * terms[name] for weight, terms in zip(shares, found.losses, strict=True))
        assert again == pytest.approx(value, rel=1e-6)
    assert found.grad_norm == pytest.approx(report.grad_norm, rel=1e-6)


@pytest.mark.parametrize("step", [0, 2, 4])
def test_a_step_with_poses_is_the_same_step_in_every_phase(tiny_poses, step):
    chosen = training_config(clip_grad_norm=0.0, stage_off_steps=2, stage_k_steps=2)
    materials = tiny_poses.materials(chosen)
    learner = build_learner(chosen, materials.detector, materials.loss, preprocess=PREPROCESS, total_steps=10)
    images = materials.train_images
    window = [collate([images[0, number] for number in pair]) for pair in ((0, 1), (2, 3))]
    before = {name: tensor.clone() for name, tensor in learner.weights()[0].items()}
    found = recompute(learner, parts_of(window), step)
    assert (found.non_finite, found.anomaly) == (None, None)
    assert all(torch.equal(tensor, before[name]) for name, tensor in learner.weights()[0].items())
    report = learner.learn(window, step)
    assert found.grad_norm == pytest.approx(report.grad_norm, rel=1e-6)
    shares = [part.share.weight for part in parts_of(window)]
    for name in ("total", "log_z", "rot", "offsets", "k", "t"):
        again = sum(weight * terms[name] for weight, terms in zip(shares, found.losses, strict=True))
        assert again == pytest.approx(report.losses[name], rel=1e-6)


@pytest.mark.slow
def test_a_pose_head_that_overflows_is_found(tiny_poses):
    chosen = training_config(clip_grad_norm=0.0)
    materials = tiny_poses.materials(chosen)
    learner = build_learner(chosen, materials.detector, materials.loss, preprocess=PREPROCESS, total_steps=10)
    name = "decoder.pose_heads.log_z.1.mlp.layers.2"
    plant(learner, f"{name}.bias", torch.nan)
    images = materials.train_images
    found = recompute(learner, parts_of([collate([images[0, number] for number in (0, 1)])]), 0)
    assert found.non_finite == "loss"
    assert (found.anomaly.kind, found.anomaly.name, found.anomaly.batch) == ("output", name, 1)


@pytest.mark.parametrize(
    ("parameter", "value", "module"),
    [
        ("backbone.stages.1.0.conv.weight", 3e38, "backbone.stages.1.0.conv"),
        ("decoder.layers.1.cross_attention.value_proj.weight", 1e38, "decoder.layers.1.cross_attention.value_proj"),
        ("decoder.layers.0.self_attention.q_proj.weight", torch.nan, "decoder.layers.0.self_attention.q_proj"),
    ],
)
def test_a_weight_that_is_too_large_is_found_where_it_is_used(learner, window, parameter, value, module):
    plant(learner, parameter, value)
    found = recompute(learner, parts_of(window), 0)
    assert found.non_finite == "loss"
    assert (found.anomaly.kind, found.anomaly.name, found.anomaly.batch) == ("output", module, 1)


@pytest.mark.slow
def test_an_infinite_loss_weight_is_a_loss_term(learner, window):
    inner = learner._loss

    def heavy(output, targets, step):
        _, terms = inner(output, targets, step)
        terms = {**terms, "bbox": terms["bbox"] * torch.inf}
        return terms["bbox"], terms

    learner._loss = heavy
    found = recompute(learner, parts_of(window), 0)
    assert (found.non_finite, found.anomaly.kind, found.anomaly.name) == ("loss", "loss", "bbox")


def test_a_gradient_that_overflows_although_the_loss_is_finite(learner, window):
    inner = learner._loss
    learner._loss = lambda *given: (inner(*given)[0] * 1e37, {})
    found = recompute(learner, parts_of(window), 0)
    assert found.non_finite == "grad"
    assert found.anomaly.kind in {"gradient", "norm"}
