"""The training stage on data with poses: heads, symmetries, costs and phases arrive where they act."""

import json
from itertools import count

import pytest
import torch

from tests.stages.contexts import Notes
from tests.stages.test_train import context, outputs_in, spec
from tests.training.tiny import MODEL, MODELS, POSES, PREPROCESS, make_index
from yolozu.artifacts.checkpoint import read_checkpoint
from yolozu.artifacts.meshes import ObjectModels
from yolozu.contract.sections.data import AugmentSection
from yolozu.contract.sections.losses import LossSection, LossWeights
from yolozu.contract.sections.matching import MatchingSection
from yolozu.contract.sections.model import ModelConfig, ModelSection
from yolozu.contract.sections.train import LoopSection
from yolozu.data.collate import collate
from yolozu.errors import InputError
from yolozu.geometry.rotations import SymmetryTable
from yolozu.model.loading import detector_from
from yolozu.stages.train import TrainInputs, run
from yolozu.training import loop as loop_module
from yolozu.training.randomness import seeded


def inputs_in(directory, *, train=True, val=True, models=MODELS):
    found = TrainInputs(
        train=directory / "data/train.json",
        val=directory / "data/val.json",
        models=directory / "data/models.json",
        init_from=directory / "plan/init_from.json",
        backgrounds=directory / "plan/backgrounds.json",
        earlier=None,
    )
    make_index(directory / "set", "train", 6, seed=0, with_poses=train).write(found.train)
    make_index(directory / "set", "val", 3, seed=1, with_poses=val).write(found.val)
    models.write(found.models)
    return found


class Caught(Exception):
    """Training would begin here."""


@pytest.fixture
def begun(tmp_path, monkeypatch):
    """``begun(data={...}, **sections)``: what training is begun with, as (config, materials, about)."""
    numbers = count()

    def catch(*given, **_):
        raise Caught(*given)

    def begin(data=None, **sections):
        monkeypatch.setattr(loop_module, "fit", catch)
        own = tmp_path / str(next(numbers))
        own.mkdir()
        with pytest.raises(Caught) as caught:
            run(spec(**sections), inputs_in(own, **(data or {})), outputs_in(own / "out"), context(own))
        return caught.value.args[:3]

    return begin


def model(**changes):
    return ModelSection(model=ModelConfig.model_validate({**MODEL.model_dump(), **changes}))


def losses_of(materials, step=None):
    """Terms of a batch of training images, with the detector as it begins."""
    batch = collate([materials.train_images[0, number] for number in (0, 1)])
    with seeded(0, "denoising"):
        output = materials.detector.train()(batch.images_B3HW / 255.0, batch.targets, None)
    return materials.loss(output, batch.targets, step)[1]


@pytest.mark.effect("model.pose")
@pytest.mark.parametrize(
    ("pose", "data", "heads"),
    [
        ("auto", {}, True),
        ("auto", {"train": False}, False),
        (True, {"train": False, "val": False}, True),
        (False, {}, False),
    ],
    ids=str,
)
def test_there_are_pose_heads_as_the_training_data_and_the_contract_say(begun, pose, data, heads):
    _, materials, about = begun(data, model=model(pose=pose))
    assert (materials.detector.k_head is not None) == heads
    assert about.model_config["pose"] is heads
    assert (about.symmetries is not None) == (heads and data == {})
    assert ("log_z" in losses_of(materials)) == (heads and data == {})


@pytest.mark.effect("model.use_uncertainty", "task_aligner")
def test_expected_errors_are_predicted_and_weighed(begun):
    _, materials, _ = begun(model=model(use_uncertainty=True), losses=LossSection(task_aligner="uncertainty"))
    head = materials.detector.decoder.pose_heads["log_sigma_z"][-1]
    before = losses_of(materials)
    head.start_at(1.0)
    after = losses_of(materials)
    assert after["log_z"] != before["log_z"]
    assert torch.equal(after["rot"], before["rot"])


@pytest.mark.effect("loss_weights.log_z", "loss_weights.rot", "loss_weights.offsets", "loss_weights.t")
def test_losses_of_poses_are_weighed_as_in_the_contract(begun):
    weights = LossWeights(log_z=0.0, rot=7.0, offsets=0.0, k=0.0, t=0.0)
    found = losses_of(begun(losses=LossSection(loss_weights=weights))[1])
    assert not {"log_z", "offsets", "k", "t"} & set(found)
    usual = losses_of(begun()[1])
    assert {"log_z", "offsets", "k", "t"} <= set(usual)
    assert found["rot"].item() == pytest.approx(7.0 / LossWeights().rot * usual["rot"].item(), rel=1e-5)


@pytest.mark.effect("cost_z", "cost_z_start_step")
def test_costs_of_poses_count_from_the_step_of_the_contract(begun):
    matching = {"cost_class": 1e-3, "cost_bbox": 0.0, "cost_giou": 0.0}
    _, plain, _ = begun(matching=MatchingSection(**matching))
    _, costly, _ = begun(matching=MatchingSection(**matching, cost_z=9.0, cost_z_start_step=5))
    early, late = losses_of(costly, step=4), losses_of(costly, step=5)
    assert torch.equal(early["log_z"], losses_of(plain, step=5)["log_z"])
    assert late["log_z"] < early["log_z"]


def test_symmetries_are_those_of_the_models(begun):
    _, symmetric, about = begun()
    assert torch.equal(about.symmetries.rotations_CS33, SymmetryTable.of_classes(MODELS.symmetries, 2).rotations_CS33)
    _, plain, about = begun({"models": ObjectModels()})
    assert about.symmetries.rotations_CS33.shape == (2, 1, 3, 3)
    assert losses_of(symmetric)["rot"] < losses_of(plain)["rot"]


def test_mirrored_pictures_keep_the_poses_of_what_is_its_own_mirror_image(begun):
    """Only with the models can it be told which objects those are."""

    def poses_kept(models):
        _, materials, _ = begun({"models": models}, augment=AugmentSection(hflip_prob=1.0))
        return sum(int(materials.train_images[0, number].poses.has_pose_N.sum()) for number in range(6))

    assert poses_kept(MODELS) > poses_kept(ObjectModels()) == 0


@pytest.mark.effect("stage_off_steps", "stage_k_steps")
@pytest.mark.parametrize("key", ["stage_off_steps", "stage_k_steps"])
def test_phases_without_poses_are_refused(tmp_path, key):
    chosen = spec(loop=LoopSection(batch_size=3, **{key: 1}))
    with pytest.raises(
        InputError, match=f"{key}: YZ513 only pose heads would learn, but the detector has no pose heads"
    ):
        run(chosen, inputs_in(tmp_path, train=False), outputs_in(tmp_path / "out"), context(tmp_path))


@pytest.mark.slow
def test_a_training_writes_pose_heads_and_validates_poses(tmp_path):
    outputs = outputs_in(tmp_path / "out")
    chosen = spec(
        model=ModelSection(model=POSES.model.model_copy(update={"pose": "auto"})),
        matching=POSES.matching,
        losses=POSES.losses,
        augment=POSES.augment,
        loop=LoopSection(batch_size=3, stage_off_steps=1, use_ema=True),
    )
    numbers = run(chosen, inputs_in(tmp_path), outputs, context(tmp_path))
    assert numbers["steps"] == 2
    best = read_checkpoint(outputs.best)
    assert best.model_config["pose"] is True
    assert any(name.startswith("decoder.pose_heads.log_sigma_rot.") for name in best.weights)
    output = detector_from(best).eval()(torch.zeros(1, 3, PREPROCESS.height, PREPROCESS.width))
    assert list(output.pose) == ["log_z", "rot6d", "offsets", "log_sigma_z", "log_sigma_rot", "k_delta"]
    assert {"map50_95", "add_01d", "rot_deg_median", "t_mm_median"} <= set(best.metrics)
    (row,) = [json.loads(line) for line in outputs.val_metrics.read_text().splitlines()]
    assert {"log_z", "rot", "offsets", "k", "t"} <= set(row["losses"])


@pytest.mark.slow
def test_keys_of_poses_on_data_without_any_are_told_of(tmp_path):
    notes = Notes()
    chosen = spec(matching=MatchingSection(cost_rot=1.0))
    run(
        chosen, inputs_in(tmp_path, train=False, val=False), outputs_in(tmp_path / "out"),
        context(tmp_path, progress=notes),
    )  # fmt: skip
    assert notes.lines[0] == ("warning: no object of split train has a pose, so there is no effect of cost_rot")
