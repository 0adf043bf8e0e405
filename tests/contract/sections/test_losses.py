import pytest

from yolozu.contract.sections.losses import LossWeights
from yolozu.losses.registry import LOSSES


def test_training_needs_a_loss(refusal):
    zeros = ", ".join(f"{name}: 0" for name in LossWeights.model_fields)
    assert refusal(f"epochs: 1\nloss_weights: {{{zeros}}}\n") == (
        "exp.yaml:2: loss_weights: YZ105 all loss weights of detection are 0\n  fix: raise one of them"
    )


def test_painting_hidden_patches_is_no_training_of_a_detector(refusal):
    zeros = ", ".join(f"{name}: 0" for name in LossWeights.model_fields if name != "mim")
    assert "YZ105 all loss weights of detection are 0" in refusal(
        f"epochs: 1\nenable_mim: true\nloss_weights: {{{zeros}}}\n"
    )


@pytest.mark.parametrize("key", ["cost_z_start_step", "cost_rot_start_step", "cost_t_start_step"])
def test_costs_start_at_whole_steps_from_zero(refusal, key):
    assert f"exp.yaml:2: {key}: YZ103 must be a whole number of at least 0, got 1.5" in refusal(
        f"epochs: 1\n{key}: 1.5\n"
    )


def test_weights_of_poses_can_be_given_alone(load):
    weights = load("epochs: 1\nloss_weights: {log_z: 2, rot: 0}\n").contract.losses.loss_weights
    assert weights == LossWeights(log_z=2.0, rot=0.0)
    assert (weights.offsets, weights.bbox) == (LossWeights().offsets, LossWeights().bbox)


def test_every_weight_is_of_a_loss_that_there_is():
    """`mim` is of a pass of its own."""
    assert set(LossWeights.model_fields) == {*LOSSES, "mim"}
