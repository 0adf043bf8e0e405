"""A step in a file: everything comes back, and other files are refused."""

import numpy as np
import pytest
import torch

from tests.training.tiny import POSES, about_of, training_config
from yolozu.artifacts.checkpoint import TrainingRecord, read_checkpoint, write_checkpoint
from yolozu.data.collate import collate
from yolozu.errors import InputError
from yolozu.training.batch_sharding import shares_of
from yolozu.training.distributed import SINGLE_PROCESS
from yolozu.training.non_finite.bundle import Circumstances, bundle_path, finding_of, read_bundle, write_bundle
from yolozu.training.non_finite.locate import Anomaly, Values
from yolozu.training.non_finite.recompute import BatchPart

CIRCUMSTANCES = Circumstances(
    step=7, total_steps=10, seed=3, lr_factor=0.5, device="cpu", threads=2, deterministic=True
)
ANOMALY = Anomaly("output", "a.b", "text", 1, {"output": Values([2], "float32", None, None, 1, 1)})
FINDING = finding_of("loss", {"total": torch.nan, "vfl": 1.5}, torch.inf, ["train/000.png"], ANOMALY)


class FakeLearner:
    """As much of a learner as a bundle takes."""

    def weights(self):
        return {"w": torch.tensor([1.0, torch.nan])}, None

    def record(self):
        return TrainingRecord({"scaler": {}, "ema_updates": 4}, {"w/exp_avg": torch.ones(2)})


@pytest.fixture(scope="module")
def parts(tiny):
    images = tiny.materials(training_config()).train_images
    window = [collate([images[0, number] for number in pair]) for pair in ((0, 10), (2, 3))]
    return [BatchPart(share, place, 0) for place, share in enumerate(shares_of(window, SINGLE_PROCESS))]


@pytest.fixture
def path(tmp_path, parts):
    path = bundle_path(tmp_path / "black_box", 7)
    names = [["train/000.png", "train/010.png"], ["train/002.png", "train/003.png"]]
    write_bundle(
        path,
        about_of(training_config()),
        FakeLearner(),
        circumstances=CIRCUMSTANCES,
        finding=FINDING,
        parts=parts,
        names=names,
    )
    return path


def test_everything_comes_back(path, parts):
    assert path.name == "step-000007.pt"
    found = read_bundle(path)
    assert (found.circumstances, found.finding) == (CIRCUMSTANCES, FINDING)
    assert (found.finding.losses, found.finding.grad_norm) == ({"total": "nan", "vfl": 1.5}, "inf")
    assert found.names == (("train/000.png", "train/010.png"), ("train/002.png", "train/003.png"))
    for ours, theirs in zip(found.parts, parts, strict=True):
        assert torch.equal(ours.share.batch.images_B3HW, theirs.share.batch.images_B3HW)
        assert ours.share.batch.images_B3HW.stride() == theirs.share.batch.images_B3HW.stride()
        assert torch.equal(ours.share.batch.targets.boxes_BT4, theirs.share.batch.targets.boxes_BT4)
        assert torch.equal(ours.share.batch.targets.valid_BT, theirs.share.batch.targets.valid_BT)
        assert ours.share.batch.indices == theirs.share.batch.indices
        assert (ours.share.weight, ours.place, ours.rank) == (theirs.share.weight, theirs.place, theirs.rank)
        assert (ours.share.first, ours.share.of, ours.share.of_window) == (0, 2, 4)
    assert found.record.values == {"scaler": {}, "ema_updates": 4}
    assert list(found.record.tensors) == ["w/exp_avg"]
    assert found.spec == about_of(training_config()).spec


def test_stored_outputs_come_back(tiny_replaying, tmp_path):
    images = tiny_replaying.materials(training_config()).train_images
    (share,) = shares_of([collate([images[0, number] for number in (1, 8, 9)])], SINGLE_PROCESS)
    assert share.stored_of_window == 2
    write_bundle(
        tmp_path / "step.pt", about_of(training_config()), FakeLearner(), circumstances=CIRCUMSTANCES, finding=FINDING,
        parts=[BatchPart(share, 0, 0)], names=[["1", "8", "9"]],
    )  # fmt: skip
    (part,) = read_bundle(tmp_path / "step.pt").parts
    assert part.share.stored_of_window == 2
    assert part.share.batch.stored[0] is None
    for found, known in zip(part.share.batch.stored[1:], share.batch.stored[1:], strict=True):
        assert all(np.array_equal(getattr(found, name), value) for name, value in vars(known).items())


def test_poses_and_symmetries_come_back(tiny_poses, tmp_path):
    images = tiny_poses.materials(training_config()).train_images
    window = [collate([images[0, number] for number in pair]) for pair in ((0, 10), (2, 3))]
    parts = [BatchPart(share, place, 0) for place, share in enumerate(shares_of(window, SINGLE_PROCESS))]
    path = tmp_path / "step-000007.pt"
    write_bundle(
        path, about_of(training_config(), POSES), FakeLearner(), circumstances=CIRCUMSTANCES, finding=FINDING,
        parts=parts, names=[["a", "b"], ["c", "d"]],
    )  # fmt: skip
    found = read_bundle(path)
    for ours, theirs in zip(found.parts, parts, strict=True):
        before = vars(theirs.share.batch.targets.poses)
        after = vars(ours.share.batch.targets.poses)
        assert list(after) == list(before)
        assert all(torch.equal(value, before[name]) and value.dtype == before[name].dtype
                   for name, value in after.items())  # fmt: skip
    for name, value in vars(POSES.symmetries).items():
        assert (value is None) or torch.equal(getattr(found.symmetries, name), value)
    assert found.symmetries.balls_C is None
    assert found.checkpoint.model_config["pose"] is True


def test_a_training_without_poses_has_none_in_its_bundle(path):
    found = read_bundle(path)
    assert found.symmetries is None
    assert [part.share.batch.targets.poses for part in found.parts] == [None, None]


def test_it_is_a_checkpoint_of_the_weights_before_the_step(path):
    checkpoint = read_checkpoint(path)
    assert (checkpoint.step, checkpoint.eval_weights, checkpoint.ema) == (6, "model", None)
    assert torch.load(path, weights_only=True)["format"] == "yolozu.checkpoint"


def changed(path, **values):
    from dataclasses import replace

    checkpoint = read_checkpoint(path)
    record = checkpoint.training_state
    write_checkpoint(path, replace(checkpoint, training_state=replace(record, values={**record.values, **values})))


def said(path):
    with pytest.raises(InputError) as caught:
        read_bundle(path)
    return str(caught.value)


def test_other_checkpoints_other_versions_and_broken_ones_are_refused(path):
    changed(path, names=5)
    assert said(path) == (
        f"{path}: YZ511 is a bundle that cannot be understood: 'int' object is not iterable\n"
        "  fix: read it with the yolozu that wrote it, or train again"
    )
    changed(path, version=1)
    assert said(path).startswith(f"{path}: YZ511 is a bundle of version 1, this yolozu reads version 2\n")
    changed(path, kind="else")
    assert said(path) == (
        f"{path}: YZ510 is a checkpoint, but not the bundle of a step that could not be taken\n"
        "  fix: give the file that the YZ506 message names, below reports/black_box/ of the run"
    )
    path.write_bytes(b"PK nothing")
    assert "YZ451" in said(path)
