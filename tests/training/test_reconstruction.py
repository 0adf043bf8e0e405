"""Painting hidden patches: what it is normalized by, what it leaves alone, when it takes place."""

from dataclasses import replace

import pytest
import torch

from tests.training.played import Played
from tests.training.tiny import PAINTING, POSES, PREPROCESS, Tiny, training_config
from yolozu.contract.sections.train import MimSection
from yolozu.contract.sections.trained_model import with_additions
from yolozu.data.collate import collate
from yolozu.data.preprocess import normalize_images
from yolozu.losses.reconstruction import hidden_pixels_loss
from yolozu.training.batch_sharding import shares_of
from yolozu.training.config import build_learner
from yolozu.training.distributed import SINGLE_PROCESS
from yolozu.training.learner import TrainingPass
from yolozu.training.reconstruction import Reconstruction

SEED = 5


@pytest.fixture
def detector(tiny_painting):
    """With a head whose pixels depend on what it sees."""
    detector = tiny_painting.materials(training_config()).detector
    with torch.no_grad():
        detector.reconstruction.pixels.weight.normal_(std=0.1, generator=torch.Generator().manual_seed(0))
    return detector.train()


@pytest.fixture
def images(tiny_painting):
    found = tiny_painting.materials(training_config()).train_images
    return lambda *numbers: collate([found[0, number] for number in numbers])


def parted(batch, first, count):
    """The part of a process that has ``count`` of the images."""
    return collate_part(batch, slice(first, first + count))


def collate_part(batch, own):
    targets = replace(
        batch.targets, labels_BT=batch.targets.labels_BT[own], boxes_BT4=batch.targets.boxes_BT4[own],
        valid_BT=batch.targets.valid_BT[own],
    )  # fmt: skip
    return replace(
        batch, images_B3HW=batch.images_B3HW[own], targets=targets, placements=batch.placements[own],
        indices=batch.indices[own],
    )  # fmt: skip


def of(reconstruction, share, step=0, place=0):
    images_B3HW = normalize_images(share.batch.images_B3HW, PREPROCESS)
    return reconstruction(TrainingPass(images_B3HW, None, share.batch.targets, share, step, place))


def test_it_is_the_weighted_mean_over_every_other_image(detector, images):
    (share,) = shares_of([images(0, 1, 2, 3, 4)], SINGLE_PROCESS)
    seen = []
    paint = detector.reconstruct

    def watched(whole, hidden):
        seen.append((whole, hidden, paint(whole, hidden)))
        return seen[-1][-1]

    detector.reconstruct = watched
    found = of(Reconstruction(detector, weight=3.0, seed=SEED), share)
    ((whole, hidden, painted),) = seen
    assert torch.equal(whole, normalize_images(share.batch.images_B3HW, PREPROCESS)[::2])
    assert hidden.float().mean(dim=(1, 2, 3)).tolist() == pytest.approx([38 / 64] * 3)  # 60 % of 8 x 8 patches
    assert found.item() == pytest.approx(3.0 * hidden_pixels_loss(painted, whole, hidden).mean().item(), rel=1e-6)


def test_statistics_stay_those_of_whole_images_and_are_what_the_head_sees(detector, images):
    (share,) = shares_of([images(0, 1, 2, 3)], SINGLE_PROCESS)
    before = {name: buffer.clone() for name, buffer in detector.named_buffers()}
    found = of(Reconstruction(detector, weight=1.0, seed=SEED), share)
    assert all(torch.equal(buffer, before[name]) for name, buffer in detector.named_buffers())
    assert all(module.training for module in detector.modules())
    detector.eval()
    assert torch.equal(of(Reconstruction(detector, weight=1.0, seed=SEED), share), found)


def test_patches_are_a_function_of_seed_step_and_place(detector, images):
    (share,) = shares_of([images(0, 1)], SINGLE_PROCESS)
    found = {
        (seed, step, place): of(Reconstruction(detector, weight=1.0, seed=seed), share, step, place).item()
        for seed in (1, 2) for step in (0, 1) for place in (0, 1)
    }  # fmt: skip
    assert len(set(found.values())) == 8
    assert of(Reconstruction(detector, weight=1.0, seed=2), share, 1, 0).item() == found[2, 1, 0]


@pytest.mark.slow
@pytest.mark.parametrize("first", [0, 1, 2, 3, 4, 5])
def test_two_processes_paint_what_one_would(detector, images, first):
    """Wherever the batch is parted; a part may have no image that is painted, or none at all."""
    whole = images(0, 1, 2, 3, 4)
    reconstruction = Reconstruction(detector, weight=1.0, seed=SEED)
    (share,) = shares_of([whole], SINGLE_PROCESS)
    parts = [(0, first), (first, 5 - first)]
    told = {rank: [(count, 0, 2, 0)] for rank, (_, count) in enumerate(parts)}
    own = [
        shares_of([parted(whole, start, count)], Played(rank, 2, told))[0]
        for rank, (start, count) in enumerate(parts)
        if count > 0
    ]
    total = sum(of(reconstruction, part).item() for part in own)
    assert total == pytest.approx(of(reconstruction, share).item(), rel=1e-5)


def test_batches_of_a_window_count_by_their_images(detector, images):
    reconstruction = Reconstruction(detector, weight=1.0, seed=SEED)
    one, other = shares_of([images(0, 1, 2), images(3)], SINGLE_PROCESS)
    alone = [
        of(reconstruction, replace(share, of_window=share.of), place=place).item()
        for place, share in enumerate((one, other))
    ]
    assert of(reconstruction, one, place=0).item() == pytest.approx(alone[0] * 3 / 4, rel=1e-6)
    assert of(reconstruction, other, place=1).item() == pytest.approx(alone[1] * 1 / 4, rel=1e-6)


def learner_of(tiny, **keys):
    chosen = training_config(lr_warmup_steps=0, **keys)
    materials = tiny.materials(chosen)
    return build_learner(
        chosen,
        materials.detector,
        materials.loss,
        preprocess=PREPROCESS,
        total_steps=10,
        mim_weight=materials.mim_weight,
    )


@pytest.mark.slow
@pytest.mark.parametrize("amp", ["none", "bf16"])
def test_it_is_a_term_of_the_step_and_its_head_learns(tiny_painting, images, amp):
    learner = learner_of(tiny_painting, amp=amp, optimizer="sgd", momentum=0.0, lr=0.1, clip_grad_norm=0.0)
    before = {name: tensor.clone() for name, tensor in learner.weights()[0].items()}
    report = learner.learn([images(0, 1), images(2, 3, 10)], 0)
    terms = ("vfl", "bbox", "giou", "mim")
    assert report.losses["mim"] > 0.0
    assert sum(report.losses[name] for name in terms) == pytest.approx(report.losses["total"], rel=1e-4)
    assert report.losses["mim"] == pytest.approx(
        expected_of(tiny_painting, images), rel=1e-2 if amp == "bf16" else 1e-5
    )
    moved = {name for name, tensor in learner.weights()[0].items() if not torch.equal(tensor, before[name])}
    assert "reconstruction.pixels.weight" in moved
    average = learner.weights()[1]
    assert not torch.equal(average["reconstruction.pixels.bias"], before["reconstruction.pixels.bias"])


def expected_of(tiny, images):
    """Of five images in two batches: their three painted ones by the share of their batch."""
    chosen = training_config()
    reconstruction = Reconstruction(
        tiny.materials(chosen).detector.train(), weight=PAINTING.losses.loss_weights.mim, seed=chosen.seed
    )
    shares = shares_of([images(0, 1), images(2, 3, 10)], SINGLE_PROCESS)
    return sum(of(reconstruction, share, place=place).item() for place, share in enumerate(shares))


@pytest.mark.slow
def test_statistics_and_other_weights_begin_as_without_it(tiny, tiny_painting, images):
    """Detection's gradient is the same: only what painting adds differs."""
    plain, painting = learner_of(tiny), learner_of(tiny_painting)
    window = [images(0, 1), images(2, 3)]
    one, other = plain.learn(window, 0), painting.learn(window, 0)
    assert [other.losses[name] for name in one.losses if name != "total"] == [
        one.losses[name] for name in one.losses if name != "total"
    ]
    found = painting.weights()[0]
    statistics = [name for name in plain.weights()[0] if "running" in name]
    assert all(torch.equal(found[name], plain.weights()[0][name]) for name in statistics)


def test_it_waits_until_all_of_the_network_learns(tiny_poses):
    model = with_additions(POSES.model, MimSection(enable_mim=True, mim_patch_size=8))
    both = Tiny(tiny_poses.train, tiny_poses.val, replace(POSES, model=model))
    learner = learner_of(both, stage_off_steps=1, stage_k_steps=1)
    found = both.materials(training_config()).train_images
    window = [collate([found[0, 0], found[0, 1]])]
    reports = [learner.learn(window, step) for step in range(3)]
    assert ["mim" in report.losses for report in reports] == [False, False, True]


def test_a_loss_that_is_not_finite_takes_the_step_back(tiny_painting, images):
    learner = learner_of(tiny_painting)
    with torch.no_grad():
        learner.detector.reconstruction.pixels.bias[0] = torch.inf
    before = {name: tensor.clone() for name, tensor in learner.weights()[0].items()}
    report = learner.learn([images(0, 1)], 0)
    assert (report.non_finite, report.suspects) == ("loss", (0, 1))
    assert all(torch.equal(tensor, before[name]) for name, tensor in learner.weights()[0].items())
