"""A training step on an accelerator: everything lives there, nobody waits, and it has a deterministic form."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.fixtures.devices import META, NOT_DETERMINISTIC, Watch, watched
from tests.fixtures.poses import with_poses
from tests.model import tiny as model_tiny
from tests.training.tiny import ADAPTING, BOXES, PAINTING, POSES, PREPROCESS, training_config
from yolozu.contract.sections.model import ModelConfig
from yolozu.data.collate import Batch
from yolozu.matching import hungarian
from yolozu.model import deformable, sampling
from yolozu.model.backbones.registry import BACKBONES
from yolozu.model.detector import build_detector
from yolozu.training.config import build_criterion, build_learner
from yolozu.training.distributed import SINGLE_PROCESS

OBJECTIVES = {"boxes": BOXES, "poses": POSES, "painting": PAINTING, "adapters": ADAPTING}


@pytest.fixture(autouse=True)
def assigned(monkeypatch):
    """The one time a step waits: costs come to the host, which assigns. On ``meta`` there are none to bring."""

    def in_order(cost_LBQT, counts):
        layers, _, queries, _ = cost_LBQT.shape
        assert cost_LBQT.device == META
        return hungarian.assign_in_order(layers, queries, counts, cost_LBQT.device)

    monkeypatch.setattr(hungarian, "assign", in_order)


@pytest.fixture
def deterministic_sampling(monkeypatch):
    """The form that CUDA takes where torch is held to deterministic algorithms."""
    monkeypatch.setattr(deformable, "sample_bilinear", sampling.gather_bilinear)


def step_on_meta(objective, *counts):
    """A forward and a backward pass of a batch whose images have ``counts`` objects."""
    chosen = replace(training_config(), device="meta")
    detector = build_detector(objective.model, num_classes=2).to(META)
    loss = build_criterion(objective.matching, objective.losses, objective.symmetries)
    weight = 0.0 if detector.reconstruction is None else 1.0
    learner = build_learner(chosen, detector, loss, preprocess=PREPROCESS, total_steps=10, mim_weight=weight)
    targets = model_tiny.targets(*counts)
    if objective is POSES:
        targets = with_poses(targets, size=(64, 64))
    pixels = torch.zeros(len(counts), 3, 64, 64, dtype=torch.uint8)
    batch = Batch(pixels, targets, [], list(range(len(counts))))

    def step():
        (share,) = learner.shares([batch], 5, SINGLE_PROCESS)
        total, terms = learner.losses_of(share, 5, 0, 0)
        total.backward()
        assert {value.device for value in (total, *terms.values())} == {META}
        assert all(own.grad is None or own.grad.device == META for own in detector.parameters())

    return step


@pytest.mark.parametrize("kind", OBJECTIVES)
@pytest.mark.usefixtures("deterministic_sampling")
def test_a_step_waits_for_nothing_but_the_assignment_and_has_a_deterministic_form(kind):
    watch = watched(step_on_meta(OBJECTIVES[kind], 2, 1, 0))
    assert watch.waits == []
    assert watch.operations & NOT_DETERMINISTIC == set()
    assert {"convolution_backward", "index_put"} <= watch.operations  # backward passes are seen


@pytest.mark.parametrize("counts", [(0, 0), (7, 5)], ids=["no objects", "more than are denoised"])
def test_nothing_waits_for_images_without_objects_or_with_many(counts):
    watch = watched(step_on_meta(BOXES, *counts))
    assert watch.waits == []
    assert watch.operations & NOT_DETERMINISTIC == {"grid_sampler_2d_backward"}  # the ordinary sampling has none


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.usefixtures("deterministic_sampling")
def test_every_backbone_has_a_deterministic_form(name):
    backbone = {"name": name, "args": {"width_mult": 0.25, "depth_mult": 0.34}}
    with torch.device("meta"):
        network = build_detector(ModelConfig.model_validate({"backbone": backbone}), num_classes=2).backbone.train()
        images = torch.zeros(2, 3, 64, 64)
    with Watch() as watch:
        torch.stack([level.sum() for level in network(images)]).sum().backward()
    assert watch.operations & NOT_DETERMINISTIC == set()
    assert watch.waits == []


def test_what_waits_is_seen():
    values = torch.zeros(3, device=META)
    with Watch() as watch:
        values + values.new_tensor([1.0, 2.0, 3.0])
        torch.zeros(2).to(META)
        nn.Parameter(values).data.copy_(torch.zeros(3))
        torch.zeros(2).to(META, non_blocking=True)
    assert watch.waits == ["numbers (3,)", "copy (2,)", "copy (3,)"]
