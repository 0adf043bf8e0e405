"""Bundles of real trainings, repeated from the file alone."""

import json
from dataclasses import replace

import pytest
import torch

from tests.training.spoiled import spoiled
from tests.training.test_self_distillation import Taught
from tests.training.tiny import ADAPTERS, training_config
from yolozu.artifacts.checkpoint import read_checkpoint, write_checkpoint
from yolozu.errors import InputError, UsageError
from yolozu.training.non_finite.replay import replay

pytestmark = pytest.mark.slow

WILD = {"lr": 1e30, "clip_grad_norm": 0.0, "lr_warmup_steps": 0, "max_steps": 10}


@pytest.fixture(scope="module")
def wild(tiny, tmp_path_factory):
    """A training that its learning rate has thrown out of all numbers."""
    directory = tmp_path_factory.mktemp("wild")
    with pytest.raises(UsageError):
        tiny.fit(directory, training_config(**WILD))
    return directory / "black_box" / "step-000002.pt"


def test_it_reproduces_the_finding_at_the_same_place(wild):
    before = torch.get_rng_state()
    found = replay(wild)
    assert found.recomputed.non_finite == "loss"
    assert found.same_place
    assert found.recomputed.anomaly == found.bundle.finding.anomaly
    assert found.recomputed.anomaly.name == "backbone.stages.0.0.conv"
    assert (found.amp, found.device) == ("none", "cpu")
    assert (found.non_finite_weights, found.non_finite_optimizer) == ((), ())
    values = found.to_json()
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert (values["reproduced"], values["same_place"], values["step"]) == (True, True, 2)
    assert values["replayed"]["parts"][0]["images"] == list(found.bundle.names[0])
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.are_deterministic_algorithms_enabled()


def test_what_lies_outside_the_bundle_is_finite_again_with_the_losses_of_the_training(tiny, tmp_path):
    chosen = training_config()
    with pytest.raises(UsageError):
        tiny.fit(tmp_path, chosen, materials=spoiled(tiny, chosen, {4}))
    path = tmp_path / "black_box" / "step-000004.pt"
    found = replay(path)
    assert found.recomputed.non_finite is None
    assert not found.same_place
    terms = found.recomputed.losses
    weights = [part.share.weight for part in found.bundle.parts]
    vfl = sum(weight * entry["vfl"] for weight, entry in zip(weights, terms, strict=True))
    assert vfl == pytest.approx(found.bundle.finding.losses["vfl"], rel=1e-6)


@pytest.mark.parametrize("phases", [{}, {"stage_off_steps": 2, "stage_k_steps": 3}], ids=["all", "in a phase"])
def test_a_step_with_poses_has_the_losses_of_the_training_again(tiny_poses, tmp_path, phases):
    """With the symmetries of its classes, and with the costs that counted in that step."""
    chosen = training_config(**phases)
    with pytest.raises(UsageError):
        tiny_poses.fit(tmp_path, chosen, materials=spoiled(tiny_poses, chosen, {4}))
    found = replay(tmp_path / "black_box" / "step-000004.pt")
    assert found.recomputed.non_finite is None
    weights = [part.share.weight for part in found.bundle.parts]
    for term in ("log_z", "rot", "offsets", "k", "t"):
        again = sum(weight * entry[term] for weight, entry in zip(weights, found.recomputed.losses, strict=True))
        assert again == pytest.approx(found.bundle.finding.losses[term], rel=1e-6)
        assert again != 0.0


def test_a_step_with_hidden_patches_has_the_losses_of_the_training_again(tiny_painting, tmp_path):
    chosen = training_config()
    with pytest.raises(UsageError):
        tiny_painting.fit(tmp_path, chosen, materials=spoiled(tiny_painting, chosen, {4}))
    found = replay(tmp_path / "black_box" / "step-000004.pt")
    weights = [part.share.weight for part in found.bundle.parts]
    again = sum(weight * entry["mim"] for weight, entry in zip(weights, found.recomputed.losses, strict=True))
    assert again == pytest.approx(found.bundle.finding.losses["mim"], rel=1e-6)


def test_a_step_of_adapters_has_the_losses_of_the_training_again(tiny_adapting, tmp_path):
    """With the base's own statistics in its norms, and inputs of adapters dropped as they were."""
    chosen = training_config(**ADAPTERS)
    with pytest.raises(UsageError):
        tiny_adapting.fit(tmp_path, chosen, materials=spoiled(tiny_adapting, chosen, {4}))
    found = replay(tmp_path / "black_box" / "step-000004.pt")
    assert found.recomputed.non_finite is None
    weights = [part.share.weight for part in found.bundle.parts]
    vfl = sum(weight * entry["vfl"] for weight, entry in zip(weights, found.recomputed.losses, strict=True))
    assert vfl == pytest.approx(found.bundle.finding.losses["vfl"], rel=1e-6)


def test_a_step_with_a_teacher_has_the_losses_of_the_training_again(tiny, tmp_path):
    """The bundle holds the teacher, so it is repeated anywhere."""
    taught, chosen = Taught(tiny.train, tiny.val, pseudo_labels="mask"), training_config()
    with pytest.raises(UsageError):
        taught.fit(tmp_path, chosen, materials=spoiled(taught, chosen, {4}))
    found = replay(tmp_path / "black_box" / "step-000004.pt")
    weights = [part.share.weight for part in found.bundle.parts]
    for term in ("self_distill", "vfl"):
        again = sum(weight * entry[term] for weight, entry in zip(weights, found.recomputed.losses, strict=True))
        assert again == pytest.approx(found.bundle.finding.losses[term], rel=1e-6)


def test_poses_thrown_out_of_all_numbers_are_reproduced_at_the_same_place(tiny_poses, tmp_path):
    with pytest.raises(UsageError):
        tiny_poses.fit(tmp_path, training_config(**WILD))
    (bundle,) = (tmp_path / "black_box").iterdir()
    found = replay(bundle)
    assert found.recomputed.non_finite == found.bundle.finding.non_finite
    assert found.same_place


def test_another_precision(wild):
    assert replay(wild, amp="bf16").recomputed.non_finite == "loss"
    with pytest.raises(UsageError, match="YZ502"):
        replay(wild, amp="fp16")
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="YZ501"):
            replay(wild, device="cuda")


def test_weights_that_were_broken_before_are_named(wild, tmp_path):
    checkpoint = read_checkpoint(wild)
    name = "backbone.stem.conv.weight"
    checkpoint.weights[name].mul_(torch.nan)
    write_checkpoint(tmp_path / "broken.pt", checkpoint)
    found = replay(tmp_path / "broken.pt")
    assert found.non_finite_weights == (name,)
    assert found.recomputed.anomaly.description == (
        "the output of backbone.stem.conv (Conv2d) is not finite, its weight already was not"
    )


def test_a_contract_of_another_version_is_refused(wild, tmp_path):
    checkpoint = read_checkpoint(wild)
    record = checkpoint.training_state
    spec = {**record.values["spec"], "loop": {**record.values["spec"]["loop"], "future": 1}}
    write_checkpoint(
        tmp_path / "other.pt",
        replace(checkpoint, training_state=replace(record, values={**record.values, "spec": spec})),
    )
    with pytest.raises(InputError, match="YZ511 is a bundle of a contract that this version does not know"):
        replay(tmp_path / "other.pt")
