"""Which checkpoints can teach which detector."""

import json
import shutil

import pytest
import torch

from tests.model.tiny import scattered
from tests.training.tiny import ADAPTING, MODEL, PREPROCESS
from yolozu.artifacts.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from yolozu.artifacts.digest import digest_file
from yolozu.contract.sections.continual import DistillationSection
from yolozu.errors import InputError
from yolozu.model.detector import build_detector
from yolozu.model.loading import detector_from
from yolozu.model.lora import is_lora_parameter
from yolozu.structures.classes import ClassTable
from yolozu.training.teacher_checkpoint import open_teacher

OURS = ClassTable(("red", "blue"), (1, 7))
POSED = MODEL.model_copy(update={"pose": True})


def write_teacher(path, *, names=("red",), model=MODEL, preprocess=None, num_classes=None):
    """A checkpoint at ``path``, and the note of the planner beside it."""
    classes = ClassTable(tuple(names), tuple(range(len(names))))
    detector = build_detector(model, num_classes=len(classes) if num_classes is None else num_classes)
    scattered(detector)
    checkpoint = Checkpoint(
        model.model_dump(mode="json"), classes, PREPROCESS.to_json() if preprocess is None else preprocess,
        detector.state_dict(), None, "model", "0" * 64, step=800, epoch=3, metrics={},
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    write_checkpoint(path, checkpoint)
    planned = path.parent / "earlier.json"
    planned.write_text(json.dumps({"teacher": digest_file(path), "left": None, "stored_outputs": None}))
    return planned


def opened(path, planned, model=MODEL, **keys):
    section = DistillationSection(self_distill_from=str(path), **keys)
    return open_teacher(section, planned, model, OURS, PREPROCESS)


def error_of(*arguments, **keys):
    with pytest.raises(InputError) as caught:
        opened(*arguments, **keys)
    return str(caught.value)


def test_without_a_name_there_is_no_teacher():
    assert open_teacher(DistillationSection(), None, MODEL, OURS, PREPROCESS) is None


def test_a_teacher_of_the_first_classes_with_what_the_contract_says(tmp_path):
    path = tmp_path / "teacher.pt"
    found = opened(
        path, write_teacher(path), self_distill_weight=0.5, self_distill_temperature=2.0, self_distill_kl="sym",
        self_distill_keys="bbox, logits,bbox", pseudo_labels="mask", pseudo_label_score=0.3,
    )  # fmt: skip
    assert (found.num_classes, found.origin) == (1, f"{path} (800 steps)")
    assert (found.weight, found.temperature, found.kl, found.keys) == (0.5, 2.0, "sym", ("bbox", "logits"))
    assert (found.pseudo_labels, found.pseudo_label_score) == ("mask", 0.3)
    assert not found.detector.training


def test_the_best_checkpoint_of_a_run_and_another_architecture(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs/a/plan").mkdir(parents=True)
    planned = write_teacher(
        tmp_path / "runs/a/checkpoints/best.pt", model=MODEL.model_copy(update={"num_queries": 12, "anchor_size": 0.1})
    )
    found = opened("a", planned)
    assert found.origin == "runs/a/checkpoints/best.pt (800 steps)"
    assert found.detector.selector.num_queries == 12


def test_adapters_of_a_teacher_are_merged(tmp_path):
    """It says what it said with them beside its layers."""
    path = tmp_path / "teacher.pt"
    found = opened(path, write_teacher(path, model=ADAPTING.model))
    with torch.no_grad():
        expected = detector_from(read_checkpoint(path))(torch.full((1, 3, 64, 64), 0.3)).pred_logits
        said = found.detector(torch.full((1, 3, 64, 64), 0.3)).pred_logits
    torch.testing.assert_close(said, expected, atol=1e-4, rtol=1e-4)
    assert not any(is_lora_parameter(name) for name in found.detector.state_dict())
    assert found.model_config.get("lora") is None


@pytest.mark.parametrize("names", [("blue",), ("blue", "red"), ("red", "green")])
def test_classes_in_another_order_or_that_are_not_there_are_named(tmp_path, names):
    path = tmp_path / "teacher.pt"
    found = error_of(path, write_teacher(path, names=names))
    first = [*names, *(name for name in OURS.names if name not in names)]
    assert found == (
        f"self_distill_from: {path}: YZ545 its classes are {', '.join(names)}; this training's are red, blue, which do "
        f"not begin with them\n  fix: list them first: class_names: [{', '.join(first)}]"
    )


@pytest.mark.parametrize(
    ("teacher", "student", "who"),
    [
        (MODEL, POSED, "the teacher has"),
        (POSED, MODEL, "this detector has"),
        (MODEL, MODEL, "the teacher and this detector have"),
    ],
)
def test_poses_need_heads_on_both_sides(tmp_path, teacher, student, who):
    path = tmp_path / "teacher.pt"
    planned = write_teacher(path, model=teacher)
    assert error_of(path, planned, student, self_distill_keys="logits,rot6d,log_z") == (
        f"self_distill_keys: logits,rot6d,log_z: YZ546 {who} no pose heads ({path})\n  fix: leave out rot6d, log_z"
    )
    assert opened(path, planned, student).keys == ("logits", "bbox")


def test_both_have_pose_heads(tmp_path):
    path = tmp_path / "teacher.pt"
    assert opened(path, write_teacher(path, model=POSED), POSED, self_distill_keys="offsets").keys == ("offsets",)


def test_other_pixels_and_everything_else_are_told_together(tmp_path):
    path = tmp_path / "teacher.pt"
    preprocess = {**PREPROCESS.to_json(), "std": [0.5, 0.5, 0.5], "height": 96}
    found = error_of(path, write_teacher(path, names=("blue",), preprocess=preprocess), self_distill_keys="log_z")
    assert found.endswith(
        f"self_distill_from: {path}: YZ547 sees pixels of other values than this detector: scale, mean or std of its "
        "preprocessing differ\n  fix: train a teacher with this version"
    )
    assert [code in found for code in ("YZ545", "YZ546", "YZ547")] == [True] * 3


def test_a_file_that_changed_since_the_plan_is_refused(tmp_path):
    path = tmp_path / "teacher.pt"
    planned = write_teacher(path)
    write_teacher(tmp_path / "other/teacher.pt", names=("red", "blue"))
    shutil.copyfile(tmp_path / "other/teacher.pt", path)
    assert error_of(path, planned) == (
        f"self_distill_from: {path}: YZ421 has changed since the run was planned\n"
        "  fix: run the same command again: it plans with the files as they are"
    )
