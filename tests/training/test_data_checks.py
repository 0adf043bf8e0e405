"""What a training says of its data before it begins."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.training.tiny import MODEL, MODELS, make_index
from yolozu.artifacts.meshes import ObjectModel, ObjectModels
from yolozu.contract.sections.losses import LossSection, LossWeights
from yolozu.contract.sections.matching import MatchingSection
from yolozu.contract.sections.model import ModelConfig
from yolozu.contract.sections.train import LoopSection
from yolozu.errors import InputError
from yolozu.geometry.rotations import SymmetryTable
from yolozu.losses.registry import LOSSES
from yolozu.registry import Registry
from yolozu.training import data_checks
from yolozu.training.data_checks import (
    crowded_lines,
    lone_image_lines,
    pose_keys_without_effect,
    require_poses,
    resolve_best_metric,
    resolve_pose_heads,
    symmetries_of,
)


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
    assert resolve_pose_heads(config(pose), posed).pose is with_poses
    assert resolve_pose_heads(config(pose), plain).pose is without
    assert resolve_pose_heads(config(pose), posed).num_queries == MODEL.num_queries


def test_a_camera_alone_is_no_pose(posed):
    def without(poses):
        return None if poses is None else replace(poses, has_pose_N=np.zeros_like(poses.has_pose_N))

    only_cameras = replace(
        posed, records=tuple(replace(record, poses=without(record.poses)) for record in posed.records)
    )
    assert resolve_pose_heads(config("auto"), only_cameras).pose is False


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
    expected = SymmetryTable.of_classes(MODELS.symmetries, 2)
    assert torch.equal(found.rotations_CS33, expected.rotations_CS33)
    assert torch.equal(found.axes_C3, expected.axes_C3)
    assert symmetries_of(config(False), posed, MODELS) is None
    assert symmetries_of(config(True), plain, MODELS) is None


def test_what_was_asked_for_in_vain_is_told(posed, plain):
    matching, losses = MatchingSection(cost_z=1.0, cost_t=2.0), LossSection(task_aligner="uncertainty")
    asked = config(True, use_uncertainty=True)
    assert pose_keys_without_effect(asked, matching, losses, plain) == (
        "warning: no object of split train has a pose, so there is no effect of cost_z, cost_t, task_aligner, "
        "model.use_uncertainty, model.pose: true (its heads learn nothing)",
    )
    assert pose_keys_without_effect(asked, matching, losses, posed) == ()
    assert pose_keys_without_effect(config(False), MatchingSection(), LossSection(), plain) == ()


def test_a_new_loss_says_itself_whether_it_needs_poses(plain, monkeypatch):
    """One of pairs alone is a training on any data; one of images is not, where there are no poses."""
    losses = LossSection.model_construct(loss_weights=MoreWeights(**NO_BOXES))
    table = {name: LOSSES.location(name) for name in LOSSES}
    monkeypatch.setattr(data_checks, "LOSSES", Registry("loss", {**table, "diou": "yolozu.losses.box:BOX_GIOU"}))
    require_poses(LoopSection(), losses, config(False), plain)
    monkeypatch.setattr(data_checks, "LOSSES", Registry("loss", {**table, "diou": "yolozu.losses.offset:OFFSETS"}))
    assert "loss_weights: YZ513 only pose heads would learn" in refusal({}, plain, False, losses)


def with_objects(record, count, crowd=0):
    return replace(
        record,
        class_indices=np.zeros(count, dtype=np.int64),
        boxes_cxcywh=np.full((count, 4), 0.5),
        is_crowd=np.arange(count) < crowd,
        areas_px=np.full(count, 9.0),
    )


def test_images_with_more_objects_than_queries_are_counted_and_the_fullest_is_named(tmp_path):
    index = make_index(tmp_path, "train", 4, seed=0)
    counts = ((5, 0), (9, 0), (7, 2), (6, 0))
    records = tuple(with_objects(record, *count) for record, count in zip(index.records, counts, strict=True))
    index = replace(index, records=records)
    calm = replace(index, records=records[:1], split="val")
    assert crowded_lines(9, index, calm) == ()
    assert crowded_lines(5, index, calm) == (
        "warning: 2 of 4 images of split train have more objects than the detector finds at most "
        "(model.num_queries: 5); the most are 9, in train/001.png: raise it, or cut these images into pieces",
    )


BN, GN = (ModelConfig.model_validate({"backbone": {"norm": norm}, "encoder": {"norm": norm}}) for norm in ("bn", "gn"))
SAID = (
    "note: the last batch of an epoch is one image, and of 32x32 px its coarsest map is one cell: "
    "batch normalization takes its running statistics there",
)


@pytest.mark.parametrize(
    ("config", "multiscale", "side", "num_images", "said"),
    [
        (BN, False, 32, 5, SAID),
        (BN, (32, 64), 64, 9, SAID),
        (BN, False, 32, 6, ()),
        (BN, False, 64, 5, ()),
        (BN, (64, 96), 32, 5, ()),
        (GN, False, 32, 5, ()),
    ],
)
def test_a_last_batch_of_one_image_of_one_cell_is_told_of(config, multiscale, side, num_images, said):
    loop = LoopSection(batch_size=4)
    assert lone_image_lines(loop, config, multiscale, (side, side), num_images=num_images) == said


MODELLED = ObjectModels({0: ObjectModel(np.eye(3), 1.0, MODELS.by_class[0].symmetries)})


@pytest.mark.parametrize(
    ("best_metric", "models", "resolved"),
    [
        ("auto", MODELLED, "map50_95+add_s_01d"),
        ("auto", MODELS, "map50_95+within_5deg_5cm"),
        ("map50", MODELLED, "map50"),
        ("add_01d", MODELLED, "add_01d"),
        ("within_5deg_5cm", MODELS, "within_5deg_5cm"),
    ],
)
def test_with_poses_auto_weighs_both(posed, best_metric, models, resolved):
    loop = LoopSection(best_metric=best_metric)
    assert resolve_best_metric(loop, config(True), posed, posed, models) == resolved


def test_without_poses_auto_is_that_of_boxes(posed, plain):
    for pose, train, val in ((True, plain, plain), (True, posed, plain), (False, posed, posed)):
        assert resolve_best_metric(LoopSection(), config(pose), train, val, MODELLED) == "map50_95"


@pytest.mark.parametrize(
    ("best_metric", "with_poses", "problem"),
    [
        ("add_s_01d", False, "no pose is predicted, or none is known in split train\n  fix: set best_metric: auto"),
        (
            "within_5deg_5cm",
            False,
            "no pose is predicted, or none is known in split train\n  fix: set best_metric: auto",
        ),
        ("add_s_01d", True, "no class has a model\n  fix: set best_metric: within_5deg_5cm, or auto"),
    ],
)
def test_a_metric_of_poses_needs_poses(posed, plain, best_metric, with_poses, problem):
    index = posed if with_poses else plain
    with pytest.raises(InputError) as caught:
        resolve_best_metric(LoopSection(best_metric=best_metric), config(True), index, index, MODELS)
    assert str(caught.value) == f"best_metric: {best_metric}: YZ524 cannot be measured: {problem}"
