"""A teacher of the contract arrives in the training, and what it teaches."""

from dataclasses import replace

import pytest

from tests.stages.test_train import inputs_in
from tests.stages.test_train_keys import begun  # noqa: F401 - a fixture
from tests.training.test_teacher_checkpoint import write_teacher
from yolozu.contract.sections.continual import DistillationSection
from yolozu.data.collate import collate
from yolozu.training.config import build_learner
from yolozu.training.messages import opening_lines


@pytest.fixture
def inputs(tmp_path):
    """Of the training, whose plan knows a teacher of the first class."""
    return replace(inputs_in(tmp_path), earlier=write_teacher(tmp_path / "teacher/best.pt"))


@pytest.fixture
def step_of(begun, tmp_path):  # noqa: F811
    """``step_of(**keys)``: the losses of a first step, taught as the keys say."""

    def step(**keys):
        taught = {"self_distill_from": str(tmp_path / "teacher/best.pt"), **keys}
        config, materials = begun(distillation=DistillationSection(**taught))
        learner = build_learner(
            config,
            materials.detector,
            materials.loss,
            preprocess=materials.preprocess,
            total_steps=2,
            teaching=materials.teaching,
        )
        return learner.learn([collate([materials.train_images[0, number] for number in (0, 1)])], 0).losses

    return step


@pytest.mark.slow
@pytest.mark.effect("self_distill_from", "self_distill_weight")
def test_the_teachers_loss_has_its_weight(step_of):
    once, thrice = step_of(), step_of(self_distill_weight=3.0)
    assert once["self_distill"] > 0.0
    assert thrice["self_distill"] == pytest.approx(3.0 * once["self_distill"], rel=1e-5)
    assert "self_distill" not in step_of(self_distill_from=None)


@pytest.mark.slow
@pytest.mark.effect("self_distill_temperature", "self_distill_kl", "self_distill_keys")
def test_what_is_held_to_the_teacher_and_how(step_of):
    found = {
        "logits": step_of(self_distill_keys="logits"),
        "bbox": step_of(self_distill_keys="bbox"),
        "both": step_of(),
        "soft": step_of(self_distill_keys="logits", self_distill_temperature=3.0),
        "forward": step_of(self_distill_keys="logits", self_distill_kl="forward"),
        "sym": step_of(self_distill_keys="logits", self_distill_kl="sym"),
    }
    losses = {name: values["self_distill"] for name, values in found.items()}
    assert losses["both"] == pytest.approx(losses["logits"] + losses["bbox"], rel=1e-5)
    assert losses["sym"] == pytest.approx((losses["logits"] + losses["forward"]) / 2, rel=1e-4)
    assert len({round(value, 6) for value in losses.values()}) == len(losses)


def test_who_teaches_what_is_said_when_the_training_begins(begun, tmp_path):  # noqa: F811
    path = tmp_path / "teacher/best.pt"
    config, materials = begun(distillation=DistillationSection(self_distill_from=str(path)))
    timetable = config.timetable(4)
    assert opening_lines(config, materials, timetable)[1] == (
        f"teacher {path} (800 steps) knows 1 class: logits, bbox of every query are held to it, with weight 1"
    )


@pytest.mark.slow
@pytest.mark.effect("pseudo_labels", "pseudo_label_score")
def test_what_only_the_teacher_sees_is_learned_or_spared(step_of):
    """With a score that the teacher never has, nothing is."""
    plain = step_of()
    train, mask = (
        step_of(pseudo_labels="train", pseudo_label_score=0.01),
        step_of(pseudo_labels="mask", pseudo_label_score=0.01),
    )
    assert train["bbox"] != plain["bbox"]
    assert mask["bbox"] == plain["bbox"]
    assert step_of(pseudo_labels="train", pseudo_label_score=0.9999) == plain
