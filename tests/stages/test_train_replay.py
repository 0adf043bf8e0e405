"""Trainings that replay images of an earlier one, and are held to what is stored."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count

import pytest

from tests.stages.contexts import Notes
from tests.stages.test_replay import Task
from tests.stages.test_train import context, inputs, outputs_in, spec  # noqa: F401 - a fixture
from yolozu.artifacts.digest import DigestCache
from yolozu.artifacts.stored_outputs import file_of, write_stored_outputs
from yolozu.contract.sections.continual import ContinualSection
from yolozu.contract.sections.train import LoopSection
from yolozu.data.index import DataIndex
from yolozu.errors import InputError
from yolozu.predict.stored_outputs import outputs_of
from yolozu.progress import SilentProgress
from yolozu.stages.train import run

pytestmark = pytest.mark.slow


@pytest.fixture
def training(inputs, tmp_path):  # noqa: F811 - the fixture
    """``training(**keys)``: the rows of train_metrics.jsonl, and what was said."""
    task, numbers = Task(tmp_path, "a", 6, seed=4), count()
    task.keep(4)

    def found(**keys):
        section = ContinualSection(**keys)
        planned = tmp_path / "plan/earlier.json"
        planned.parent.mkdir(exist_ok=True)
        key = section.derpp_teacher_key
        stored = None if key == "derpp_teacher_npz" else DigestCache(None).tree(tmp_path / key)
        left = {"continual/replay": DigestCache(None).path(task.buffer)}
        planned.write_text(json.dumps({"left": left, "stored_outputs": stored}))
        chosen, notes = spec(continual=section, loop=LoopSection(batch_size=4)), Notes()
        named = replace(inputs, earlier=planned) if section != ContinualSection() else inputs
        outputs = outputs_in(tmp_path / f"out-{next(numbers)}")
        run(chosen, named, outputs, context(tmp_path, progress=notes))
        return [json.loads(line) for line in outputs.train_metrics.read_text().splitlines()], notes.lines

    found.task, found.inputs = task, inputs
    return found


@pytest.mark.effect("continual_from", "replay_share")
def test_replaying_shows_other_images_and_makes_epochs_longer(training):
    plain, lines = training()
    assert "4 images, 2 held out" in lines[0]
    assert "1 an epoch" in lines[0]
    replayed, lines = training(continual_from=str(training.task.directory), replay_share=0.5)
    assert any(line.startswith("replaying 2 of every 4 images, from 4 of 6 ") for line in lines)
    assert any("2 an epoch: 4 images" in line for line in lines)
    assert plain[0]["losses"]["total"] != replayed[0]["losses"]["total"]
    assert "derpp" not in replayed[0]["losses"]


@pytest.mark.effect("derpp", "derpp_weight")
def test_stored_outputs_are_a_loss_of_their_own_with_its_weight(training):
    keys = {"continual_from": str(training.task.directory), "replay_share": 0.5, "derpp": True}
    one, lines = training(**keys)
    two, _ = training(**keys, derpp_weight=2.0)
    assert "derpp: 4 of 8 images have stored outputs, which are held to" in lines
    assert one[0]["losses"]["derpp"] > 0.0
    assert two[0]["losses"]["derpp"] == pytest.approx(2.0 * one[0]["losses"]["derpp"], rel=1e-5)
    grown = one[0]["losses"]["total"] - training(**{**keys, "derpp": False})[0][0]["losses"]["total"]
    assert grown == pytest.approx(one[0]["losses"]["derpp"], rel=1e-3)
    assert "derpp" not in training(**keys, derpp_weight=0.0)[0][0]["losses"]


@pytest.mark.effect("derpp_teacher_key")
def test_stored_outputs_of_a_directory_are_those_of_the_trainings_own_images(training, tmp_path):
    (tmp_path / "teachers").mkdir()
    records = DataIndex.read(training.inputs.train).records
    for stored in outputs_of(records, training.task.inputs.best, device="cpu", progress=SilentProgress()):
        write_stored_outputs(tmp_path / "teachers" / file_of(stored.image_sha256), stored)
    rows, lines = training(derpp=True, derpp_teacher_key=str(tmp_path / "teachers"))
    assert "derpp: 4 of 4 images have stored outputs, which are held to" in lines
    assert rows[0]["losses"]["derpp"] > 0.0
    (tmp_path / "teachers" / file_of(records[2].sha256)).unlink()
    with pytest.raises(InputError, match=r"YZ553 1 of 4 images have none that can be read: train/002.png: "):
        training(derpp=True, derpp_teacher_key=str(tmp_path / "teachers"))


def test_a_buffer_with_poses_keeps_pose_heads_in_a_task_without(training, tmp_path):
    posed = Task(tmp_path, "posed", 5, seed=8, with_poses=True)
    posed.keep(4)
    training.task.buffer.rename(tmp_path / "away")
    posed.buffer.rename(training.task.buffer)
    rows, _ = training(continual_from=str(training.task.directory), replay_share=0.5, derpp=True)
    assert {"rot", "log_z", "derpp"} <= set(rows[0]["losses"])
