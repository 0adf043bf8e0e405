"""Phases in which one head learns alone: everything else keeps its bits, in the detector and in its average."""

from __future__ import annotations

import pytest
import torch

from tests.training.tiny import PREPROCESS, StopAfter, outcome, training_config
from yolozu.data.collate import collate
from yolozu.errors import Interrupted
from yolozu.model.detector import build_detector
from yolozu.training.config import build_learner
from yolozu.training.phases import K_HEAD, OFFSET_HEAD, PhasedTraining, Phases

PHASED = {"stage_off_steps": 2, "stage_k_steps": 2, "lr_warmup_steps": 0, "weight_decay": 0.1}


@pytest.mark.parametrize(
    ("phases", "expected"),
    [
        (Phases(), [None, None, None]),
        (Phases(offset_steps=2, k_steps=1), [OFFSET_HEAD, OFFSET_HEAD, K_HEAD, None, None]),
        (Phases(k_steps=2), [K_HEAD, K_HEAD, None]),
        (Phases(offset_steps=1), [OFFSET_HEAD, None]),
    ],
)
def test_the_offset_head_comes_first_then_the_intrinsics_head_then_all(phases, expected):
    assert [phases.at(step) for step in range(len(expected))] == expected


def test_their_names_are_those_of_the_detector(tiny_poses):
    names = build_detector(tiny_poses.objective.model, num_classes=2).state_dict()
    for prefix in (OFFSET_HEAD, K_HEAD):
        assert any(name.startswith(prefix) for name in names)


def test_what_never_learned_does_not_begin_to_after_a_phase(tiny_poses):
    detector = build_detector(tiny_poses.objective.model, num_classes=2)
    detector.backbone.requires_grad_(False)
    detector.decoder.pose_heads["offsets"][0].requires_grad_(False)
    phased = PhasedTraining(detector, Phases(1, 1))
    for step in range(3):
        phased.enter(step)
        learning = {name for name, entry in detector.named_parameters() if entry.requires_grad}
        assert not any(name.startswith(("backbone.", f"{OFFSET_HEAD}0.")) for name in learning)
        assert len(learning) > 0
    assert detector.training
    assert all(module.training for module in detector.modules())


def learner_of(tiny, **keys):
    chosen = training_config(**{**PHASED, **keys})
    materials = tiny.materials(chosen)
    learner = build_learner(chosen, materials.detector, materials.loss, preprocess=PREPROCESS, total_steps=10)
    images = materials.train_images
    window = [collate([images[0, number] for number in pair]) for pair in ((0, 1), (2, 3))]
    return learner, window[: chosen.optim.gradient_accumulation_steps]


def tensors_of(learner):
    """Every tensor of the detector and of its average, copied."""
    return [{name: tensor.clone() for name, tensor in part.items()} for part in learner.weights()]


def moved_in_each_step(learner, window, steps=5):
    """For each step: names of what has moved in the detector, and in its average."""
    found, before = [], tensors_of(learner)
    for step in range(steps):
        assert learner.learn(window, step).non_finite is None
        after = tensors_of(learner)
        found.append(
            tuple(
                {name for name, tensor in part.items() if not torch.equal(tensor, earlier[name])}
                for part, earlier in zip(after, before, strict=True)
            )
        )
        before = after
    return found


OPTIONS = {
    "adamw": {"gradient_accumulation_steps": 1},
    "accumulation": {"gradient_accumulation_steps": 2},
    "momentum": {"optimizer": "sgd", "momentum": 0.9, "nesterov": True, "lr": 1e-3},
    "groups": {"use_param_groups": True, "backbone_lr_mult": 0.5, "backbone_wd_mult": 3.0, "wd_exclude_bias": False},
    "bf16": {"amp": "bf16"},
}


@pytest.mark.slow
@pytest.mark.effect("stage_off_steps", "stage_k_steps")
@pytest.mark.parametrize("keys", OPTIONS.values(), ids=OPTIONS)
def test_only_the_head_of_the_phase_moves_and_no_statistic(tiny_poses, keys):
    """Not by its gradient, nor by weight decay, momentum, or the batch that a norm saw."""
    learner, window = learner_of(tiny_poses, **keys)
    steps = moved_in_each_step(learner, window)
    for (detector, average), head in zip(steps[:4], (OFFSET_HEAD, OFFSET_HEAD, K_HEAD, K_HEAD), strict=True):
        assert len(detector) > 0
        assert all(name.startswith(head) for name in detector)
        # the average still comes nearer to what the phase before has done
        assert all(name.startswith((OFFSET_HEAD, head)) for name in average)
        assert detector <= average
    detector, average = steps[4]
    for moved in (detector, average):
        assert any(name.endswith("running_mean") for name in moved)
        assert {"backbone", "encoder", "decoder", "k_head", "selector"} <= {name.partition(".")[0] for name in moved}


def test_without_phases_all_move_from_the_first_step(tiny_poses):
    learner, window = learner_of(tiny_poses, stage_off_steps=0, stage_k_steps=0)
    ((detector, _),) = moved_in_each_step(learner, window, steps=1)
    assert any(name.startswith("backbone.") for name in detector)
    assert any(name.endswith("running_mean") for name in detector)


@pytest.mark.effect("stage_k_steps")
def test_the_second_phase_can_be_alone(tiny_poses):
    learner, window = learner_of(tiny_poses, stage_off_steps=0, stage_k_steps=1)
    (first, _), (second, _) = moved_in_each_step(learner, window, steps=2)
    assert all(name.startswith(K_HEAD) for name in first)
    assert any(name.startswith("backbone.") for name in second)


@pytest.mark.slow
def test_images_without_an_object_are_no_obstacle_in_a_phase(tiny_poses):
    learner, _ = learner_of(tiny_poses)
    images = tiny_poses.materials(training_config()).train_images
    empty = [collate([images[0, 10], images[0, 10]])]
    assert empty[0].targets.counts == [0, 0]
    for step in (0, 2, 4):
        assert learner.learn(empty, step).non_finite is None


def test_a_refused_step_of_a_phase_moves_nothing(tiny_poses):
    learner, window = learner_of(tiny_poses)
    learner.learn(window, 0)
    before = tensors_of(learner)
    inner = learner._loss
    learner._loss = lambda output, targets, step: (inner(output, targets, step)[0] * torch.nan, {})
    assert learner.learn(window, 1).non_finite == "loss"
    for part, earlier in zip(tensors_of(learner), before, strict=True):
        assert all(torch.equal(tensor, earlier[name]) for name, tensor in part.items())


def test_validation_in_a_phase_leaves_the_phase_as_it_is(tiny_poses):
    """A pass in evaluation mode sets all modules, and the next step sets those of the phase again."""
    learner, window = learner_of(tiny_poses)
    learner.learn(window, 0)
    learner.detector.eval()
    before, _ = tensors_of(learner)
    learner.learn(window, 1)
    after, _ = tensors_of(learner)
    assert all(name.startswith(OFFSET_HEAD) for name, tensor in after.items() if not torch.equal(tensor, before[name]))


@pytest.mark.slow
@pytest.mark.parametrize("stops", [(1,), (2,), (3, 1), (1, 2, 1)], ids=str)
def test_a_training_stopped_inside_a_phase_goes_on_to_the_same_bits(tiny_poses, tmp_path, stops):
    chosen = training_config(**PHASED, max_steps=6)
    tiny_poses.fit(tmp_path / "undisturbed", chosen)
    for count in stops:
        with pytest.raises(Interrupted):
            tiny_poses.fit(tmp_path / "stopped", chosen, stopping=StopAfter(count))
    tiny_poses.fit(tmp_path / "stopped", chosen)
    assert outcome(tmp_path / "stopped") == outcome(tmp_path / "undisturbed")
