"""One optimizer step: its gradient, its randomness, its report."""

import math

import pytest
import torch
from torch import nn

from tests.fixtures.poses import with_poses
from tests.model import tiny as model_tiny
from tests.training.tiny import CLASSES, MODEL, PREPROCESS, training_config
from yolozu.contract.sections.losses import LossSection
from yolozu.contract.sections.matching import MatchingSection
from yolozu.data.collate import Batch, collate
from yolozu.geometry.rotations import SymmetryTable
from yolozu.matching.hungarian import NonFiniteCostError
from yolozu.model.detector import build_detector
from yolozu.model.outputs import TrainingOutput
from yolozu.structures.targets import PoseTargets, Targets
from yolozu.training.batch_sharding import window_weights
from yolozu.training.config import build_criterion, build_learner


class Toy(nn.Module):
    """Predicts one number per image: the mean of its pixels times a weight."""

    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(1, 1, bias=False)
        nn.init.constant_(self.backbone.weight, 0.5)
        self.head = nn.Dropout(0.5)

    def forward(self, images, targets, generator):  # noqa: ARG002 - the detector's signature
        return self.backbone(images.mean(dim=(1, 2, 3))[:, None]).expand(-1, targets.labels_BT.shape[1])


def toy_loss(output, targets, step=None):
    errors = (output - targets.labels_BT).square()[targets.valid_BT]
    total = errors.sum() / max(1, len(errors)) + 0.0 * output.sum()
    return total, {"square": total.detach()}


def toy_batch(*images):
    """Images given as (grey level, labels)."""
    count, most = len(images), max(len(labels) for _, labels in images)
    targets = Targets(
        torch.tensor([[*labels, *[0] * (most - len(labels))] for _, labels in images], dtype=torch.int64),
        torch.zeros(count, most, 4),
        torch.tensor([[place < len(labels) for place in range(most)] for _, labels in images], dtype=torch.bool),
    )
    pixels = torch.stack([torch.full((3, 4, 4), grey, dtype=torch.uint8) for grey, _ in images])
    return Batch(pixels, targets, [], list(range(len(images))))


def toy_learner(loss=toy_loss, network=None, **changes):
    keys = {"optimizer": "sgd", "momentum": 0.0, "lr": 1.0, "weight_decay": 0.0}
    chosen = training_config(**{**keys, "lr_warmup_steps": 0, "clip_grad_norm": 0.0, **changes})
    return build_learner(chosen, Toy() if network is None else network, loss, preprocess=PREPROCESS, total_steps=10)


def weight_after(learner):
    return learner.detector.backbone.weight.item()


def test_a_window_has_the_gradient_of_one_large_batch_however_objects_are_spread():
    images = [(255, [1, 2, 0]), (51, [1]), (102, []), (204, [2, 2]), (153, [0])]
    whole, parts = toy_learner(), toy_learner()
    one = whole.learn([toy_batch(*images)], 0)
    many = parts.learn([toy_batch(*images[:2]), toy_batch(images[2]), toy_batch(*images[3:])], 0)
    assert weight_after(parts) == pytest.approx(weight_after(whole), abs=1e-6)
    assert many.losses == pytest.approx(one.losses, abs=1e-6)
    assert many.grad_norm == pytest.approx(one.grad_norm, abs=1e-6)
    assert (one.images, many.images) == (5, 5)


def test_the_gradient_by_hand():
    learner = toy_learner()
    report = learner.learn([toy_batch((255, [1]))], 0)  # d/dw (w - 1)^2 = 2 (w - 1) = -1 at w = 0.5
    assert report.losses == {"total": 0.25, "square": 0.25}
    assert report.grad_norm == 1.0
    assert weight_after(learner) == 1.5


def test_window_weights_make_the_mean_over_all_objects():
    assert window_weights([3, 1]) == [0.75, 0.25]
    assert window_weights([0, 4]) == [0.25, 1.0]
    assert window_weights([0, 0]) == [1.0, 1.0]


def test_the_criterion_is_normalized_as_the_weights_assume():
    """Outputs of one pass over three images, judged together or one image at a time."""
    torch.manual_seed(0)
    detector = build_detector(MODEL, num_classes=len(CLASSES)).train()
    criterion = build_criterion(MatchingSection(), LossSection())
    targets = Targets(
        torch.tensor([[0, 1], [1, 0], [0, 0]]),
        torch.tensor([[[0.3, 0.3, 0.2, 0.2], [0.6, 0.7, 0.3, 0.2]], [[0.5, 0.5, 0.4, 0.4], [0] * 4], [[0] * 4] * 2]),
        torch.tensor([[True, True], [True, False], [False, False]]),
    )
    output = detector(torch.rand(3, 3, 64, 64), None, None)
    whole, _ = criterion(output, targets)
    parts = []
    for image in range(3):
        of_image = slice(image, image + 1)
        queries, proposals = (
            {name: value[:, of_image] for name, value in values.items()}
            for values in (output.queries, output.proposals)
        )
        own = Targets(targets.labels_BT[of_image], targets.boxes_BT4[of_image], targets.valid_BT[of_image])
        parts.append(criterion(TrainingOutput(queries, proposals, None), own)[0])
    weighted = sum(weight * part for weight, part in zip(window_weights([2, 1, 0]), parts, strict=True))
    assert weighted.item() == pytest.approx(whole.item(), rel=1e-5)


def test_poses_are_normalized_as_the_weights_assume_too():
    """Corrections of intrinsics, of which there is one an image, are divided by the objects as well."""
    truth, of_images = with_poses(model_tiny.targets(2, 1, 0), size=(64, 64), lacking=[(0, 1)]), []
    torch.manual_seed(0)
    detector = model_tiny.tiny_detector(pose=True, denoising={"num_queries": 0}).train()
    output = detector(torch.rand(3, 3, 64, 64), None, None)
    criterion = build_criterion(MatchingSection(cost_z=1.0), LossSection(), SymmetryTable.none_of(3))
    whole, parts = criterion(output, truth)
    for image in range(3):
        own = slice(image, image + 1)
        queries, proposals = (
            {name: value[:, own] for name, value in values.items()} for values in (output.queries, output.proposals)
        )
        poses = PoseTargets(**{name: value[own] for name, value in vars(truth.poses).items()})
        one = Targets(truth.labels_BT[own], truth.boxes_BT4[own], truth.valid_BT[own], poses)
        of_images.append(criterion(TrainingOutput(queries, proposals, None, output.k_delta_B4[own]), one))
    shares = window_weights([2, 1, 0])
    assert sum(weight * total for weight, (total, _) in zip(shares, of_images, strict=True)).item() == pytest.approx(
        whole.item(), rel=1e-5
    )
    for name, value in parts.items():
        found = sum(weight * terms[name] for weight, (_, terms) in zip(shares, of_images, strict=True))
        assert found.item() == pytest.approx(value.item(), rel=1e-4, abs=1e-6)


def test_groups_have_their_own_rates_and_the_average_follows():
    learner = toy_learner(use_param_groups=True, backbone_lr_mult=0.5, ema_decay=0.9)
    report = learner.learn([toy_batch((255, [1]))], 0)
    assert report.lr == {"backbone": 0.5}
    assert weight_after(learner) == 1.0
    assert learner.average.detector.backbone.weight.item() == pytest.approx(0.1 * 0.5 + 0.9 * 1.0)
    assert learner.evaluated() is learner.average.detector


@pytest.mark.effect("clip_grad_norm")
def test_clipping_limits_the_step_and_reports_the_norm_before():
    learner = toy_learner(clip_grad_norm=0.25)
    assert learner.learn([toy_batch((255, [1]))], 0).grad_norm == 1.0
    assert weight_after(learner) == pytest.approx(0.75, abs=1e-5)


def test_a_loss_that_is_not_finite_moves_nothing_and_names_its_batch():
    def broken(output, targets, step):
        total, terms = toy_loss(output, targets)
        return (total * math.nan, terms) if targets.labels_BT.max() == 7 else (total, terms)

    learner = toy_learner(broken)
    bad = toy_batch((255, [7]), (255, [1]))
    report = learner.learn([toy_batch((255, [1])), Batch(bad.images_B3HW, bad.targets, [], [4, 9])], 0)
    assert (report.non_finite, report.suspects) == ("loss", (4, 9))
    assert weight_after(learner) == 0.5
    assert learner.average.updates == 0


def test_outputs_that_cannot_be_matched_count_as_a_loss_that_is_not_finite():
    def unmatchable(output, targets, step):
        raise NonFiniteCostError.one("YZ403", where="outputs", problem="are not finite", fix="lower lr")

    report = toy_learner(unmatchable).learn([toy_batch((255, [1]))], 0)
    assert (report.non_finite, report.suspects) == ("loss", (0,))
    assert math.isnan(report.losses["total"])


def test_a_gradient_that_is_not_finite_moves_nothing():
    def cliff(output, targets, step):
        total = (output - output.detach()).abs().sqrt().sum()  # 0, with an infinite slope
        return total, {"cliff": total.detach()}

    learner = toy_learner(cliff)
    report = learner.learn([toy_batch((255, [1])), toy_batch((255, [1]))], 0)
    assert (report.non_finite, report.suspects) == ("grad", (0, 0))
    assert report.losses["total"] == 0.0
    assert weight_after(learner) == 0.5


@pytest.mark.slow
def test_randomness_is_a_function_of_seed_and_step(tiny):
    chosen = training_config()

    def losses(step, noise):
        torch.manual_seed(noise)
        materials = tiny.materials(chosen)
        learner = build_learner(chosen, materials.detector, materials.loss, preprocess=PREPROCESS, total_steps=10)
        batch = collate([materials.train_images[0, number] for number in range(2)])
        return learner.learn([batch, batch], step).losses["total"]

    with torch.random.fork_rng():
        assert losses(1, noise=1) == losses(1, noise=2)
        assert losses(1, noise=1) != losses(2, noise=1)
