"""Whether a training learns poses."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.training.tiny import MODEL, MODELS, make_index
from yolozu.contract.sections.losses import LossSection, LossWeights
from yolozu.contract.sections.matching import MatchingSection
from yolozu.contract.sections.model import ModelConfig
from yolozu.contract.sections.train import LoopSection
from yolozu.errors import InputError
from yolozu.geometry.rotations import SymmetryTable
from yolozu.losses.registry import LOSSES
from yolozu.registry import Registry
from yolozu.stages import pose_learning
from yolozu.stages.pose_learning import decided, require_poses, symmetries_of, without_effect


class MoreWeights(LossWeights):
    """Weights of a later version."""

    diou: float = 1.0


NO_BOXES = {"vfl": 0.0, "bbox": 0.0, "giou": 0.0}


@pytest.fixture(scope="module")
def posed(tmp_path_factory):
    return make_index(tmp_path_factory.mktemp("posed"), "train", 3, seed=0, with_poses=True)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return make_index(tmp_path_factory.mktemp("plain"), "train", 3, seed=0)


def config(pose, **changes):
    return ModelConfig.model_validate({**MODEL.model_dump(), "pose": pose, **changes})


@pytest.mark.effect("model.pose")
@pytest.mark.parametrize(
    ("pose", "with_poses", "without"), [("auto", True, False), (True, True, True), (False, False, False)]
)
def test_auto_is_what_the_training_data_has(posed, plain, pose, with_poses, without):
    assert decided(config(pose), posed).pose is with_poses
    assert decided(config(pose), plain).pose is without
    assert decided(config(pose), posed).num_queries == MODEL.num_queries


def test_a_camera_alone_is_no_pose(posed):
    def without(poses):
        return None if poses is None else replace(poses, has_pose_N=np.zeros_like(poses.has_pose_N))

    only_cameras = replace(
        posed, records=tuple(replace(record, poses=without(record.poses)) for record in posed.records)
    )
    assert decided(config("auto"), only_cameras).pose is False


def refusal(loop, index, pose, losses=None):
    with pytest.raises(InputError) as caught:
        require_poses(LoopSection(**loop), LossSection() if losses is None else losses, config(pose), index)
    return str(caught.value)


def test_phases_of_heads_that_cannot_learn_are_refused(posed, plain):
    both = {"stage_off_steps": 3, "stage_k_steps": 2}
    assert refusal(both, plain, True) == (
        "stage_off_steps, stage_k_steps: YZ513 only pose heads would learn, but no object of split train has a pose\n"
        "  fix: drop stage_off_steps and stage_k_steps, or train on data with poses"
    )
    assert refusal({"stage_k_steps": 2}, posed, False) == (
        "stage_k_steps: YZ513 only pose heads would learn, but the detector has no pose heads\n"
        "  fix: drop stage_k_steps, or train on data with poses"
    )
    require_poses(LoopSection(**both), LossSection(), config(True), posed)
    require_poses(LoopSection(), LossSection(), config(False), plain)


def test_losses_of_poses_alone_are_refused_where_there_are_none(posed, plain):
    alone = LossSection(loss_weights=LossWeights(vfl=0.0, bbox=0.0, giou=0.0))
    assert refusal({}, plain, True, alone) == (
        "loss_weights: YZ513 only pose heads would learn, but no object of split train has a pose\n"
        "  fix: drop loss_weights, or train on data with poses"
    )
    require_poses(LoopSection(), alone, config(True), posed)


def test_symmetries_are_those_of_the_models_where_poses_are_learned(posed, plain):
    found = symmetries_of(config(True), posed, MODELS)
    expected = SymmetryTable.of_models(MODELS, 2)
    assert torch.equal(found.rotations_CS33, expected.rotations_CS33)
    assert torch.equal(found.axes_C3, expected.axes_C3)
    assert symmetries_of(config(False), posed, MODELS) is None
    assert symmetries_of(config(True), plain, MODELS) is None


def test_what_was_asked_for_in_vain_is_told(posed, plain):
    matching, losses = MatchingSection(cost_z=1.0, cost_t=2.0), LossSection(task_aligner="uncertainty")
    asked = config(True, use_uncertainty=True)
    assert without_effect(asked, matching, losses, plain) == (
        "warning: no object of split train has a pose, so there is no effect of cost_z, cost_t, task_aligner, "
        "model.use_uncertainty, model.pose: true (its heads learn nothing)",
    )
    assert without_effect(asked, matching, losses, posed) == ()
    assert without_effect(config(False), MatchingSection(), LossSection(), plain) == ()


def test_a_new_loss_says_itself_whether_it_needs_poses(plain, monkeypatch):
    """One of pairs alone is a training on any data; one of images is not, where there are no poses."""
    losses = LossSection.model_construct(loss_weights=MoreWeights(**NO_BOXES))
    table = {name: LOSSES.location(name) for name in LOSSES}
    monkeypatch.setattr(pose_learning, "LOSSES", Registry("loss", {**table, "diou": "yolozu.losses.box:BOX_GIOU"}))
    require_poses(LoopSection(), losses, config(False), plain)
    monkeypatch.setattr(pose_learning, "LOSSES", Registry("loss", {**table, "diou": "yolozu.losses.offset:OFFSETS"}))
    assert "loss_weights: YZ513 only pose heads would learn" in refusal({}, plain, False, losses)
