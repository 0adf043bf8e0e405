"""The replay buffer that a run leaves."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.fixtures.exported import random_checkpoint
from tests.stages.contexts import Notes, context_in
from tests.training.tiny import CLASSES, MODEL, PREPROCESS, make_index
from yolozu.artifacts.checkpoint import write_checkpoint
from yolozu.artifacts.digest import DigestCache, digest_file
from yolozu.artifacts.meshes import ObjectModels
from yolozu.artifacts.replay_buffer import ReplayBuffer
from yolozu.artifacts.stored_outputs import read_stored_outputs
from yolozu.contract.sections.continual import ContinualSection, ReplaySection
from yolozu.contract.sections.run import Contract
from yolozu.contract.sections.train import SeedSection
from yolozu.data.replay import Replayed
from yolozu.errors import InputError
from yolozu.planning.compiler import compile_plan, registered_stages
from yolozu.stages.base import links
from yolozu.stages.replay import STAGE, ReplayInputs, ReplayOutputs, ReplaySpec, run
from yolozu.structures.classes import ClassTable

if TYPE_CHECKING:
    from pathlib import Path


class Task:
    """A finished training whose buffer is to be made."""

    def __init__(
        self, root: Path, name: str, images: int, *, seed: int, classes: ClassTable = CLASSES, with_poses: bool = False
    ) -> None:
        self.directory = root / "runs" / name
        self.buffer = self.directory / "continual/replay"
        (self.directory / "receipts").mkdir(parents=True)
        self.inputs = ReplayInputs(
            self.directory / "train.json", self.directory / "models.json", self.directory / "best.pt", None
        )
        self.index = replace(
            make_index(root / name, "train", images, seed=seed, with_poses=with_poses), classes=classes
        )
        self.index.write(self.inputs.train)
        ObjectModels().write(self.inputs.models)
        made = random_checkpoint(seed, classes, MODEL)
        write_checkpoint(self.inputs.best, replace(made, preprocess=PREPROCESS.to_json()))

    def keep(self, capacity: int, after: Task | None = None, *, seed: int = 0, to: Path | None = None) -> Notes:
        """Run the stage."""
        notes, inputs = Notes(), self.inputs
        if after is not None:
            planned = self.directory / "earlier.json"
            left = {"continual/replay": DigestCache(None).path(after.buffer)} if after.buffer.exists() else {}
            planned.write_text(json.dumps({"left": left}))
            inputs = replace(inputs, earlier=planned)
        spec = ReplaySpec.slice_of(
            Contract(
                seed=SeedSection(seed=seed),
                replay=ReplaySection(replay_images=capacity),
                continual=ContinualSection(continual_from=None if after is None else str(after.directory)),
            )
        )
        outputs = ReplayOutputs(self.buffer if to is None else to)
        outputs.buffer.parent.mkdir(parents=True, exist_ok=True)
        numbers = run(spec, inputs, outputs, context_in(self.directory, notes))
        assert numbers["images"] == len(Replayed.read(outputs.buffer).index)
        return notes


@pytest.mark.effect("replay_images")
def test_it_is_in_the_plan_where_a_buffer_is_asked_for_and_nowhere_else():
    plan = compile_plan(Contract(replay=ReplaySection(replay_images=3)), registered_stages())
    names = [node.name for node in plan.nodes]
    assert names.index("train") < names.index("replay") < names.index("export_onnx")
    assert "earlier" not in plan["replay"].inputs
    assert "replay" not in compile_plan(Contract(), registered_stages())
    continued = Contract(replay=ReplaySection(replay_images=3), continual=ContinualSection(continual_from="a"))
    assert compile_plan(continued, registered_stages())["replay"].inputs["earlier"] == "plan/earlier.json"
    assert links(STAGE.outputs)["buffer"].target == "continual/replay"


@pytest.mark.effect("replay_images")
def test_a_first_task_keeps_so_many_of_its_images_with_labels_and_outputs(tmp_path):
    task = Task(tmp_path, "a", 7, seed=0)
    task.keep(3)
    found = Replayed.read(task.buffer)
    assert (len(found.index), found.buffer.seen, found.buffer.tasks, found.buffer.capacity) == (3, 7, 1, 3)
    assert found.index.classes == CLASSES
    by_name = {record.image: record for record in task.index.records}
    for record, row in zip(found.index.records, found.buffer.images, strict=True):
        own = by_name[row.name]
        assert record.path.read_bytes() == own.path.read_bytes()
        assert np.array_equal(record.boxes_cxcywh, own.boxes_cxcywh)
        stored = read_stored_outputs(task.buffer / row.derpp_teacher_npz, image_sha256=record.sha256)
        assert (stored.class_names, stored.logits_QC.shape) == (CLASSES.names, (MODEL.num_queries, 2))
        assert stored.teacher_sha256 == row.teacher_sha256 == digest_file(task.inputs.best)
    task.keep(30, to=tmp_path / "all")
    assert len(Replayed.read(tmp_path / "all").index) == 7


def test_the_same_inputs_give_the_same_bytes_and_another_seed_other_images(tmp_path):
    task = Task(tmp_path, "a", 7, seed=0)
    task.keep(3)
    task.keep(3, to=tmp_path / "again")
    task.keep(3, to=tmp_path / "other", seed=5)
    digests = [DigestCache(None).path(path) for path in (task.buffer, tmp_path / "again", tmp_path / "other")]
    assert digests[0] == digests[1] != digests[2]


def test_a_later_task_joins_its_images_and_what_is_kept_keeps_its_outputs(tmp_path):
    first = Task(tmp_path, "a", 5, seed=0)
    second = Task(tmp_path, "b", 5, seed=1, classes=ClassTable(("green", "red"), (1, 2)))
    first.keep(4)
    second.keep(4, after=first)
    found = Replayed.read(second.buffer)
    assert (len(found.index), found.buffer.seen, found.buffer.tasks) == (4, 10, 2)
    assert found.index.classes == ClassTable(("green", "red", "blue"), (1, 2, 7))
    assert {row.task for row in found.buffer.images} == {0, 1}
    teachers = {row.task: row.teacher_sha256 for row in found.buffer.images}
    assert teachers == {0: digest_file(first.inputs.best), 1: digest_file(second.inputs.best)}
    names = [row.image for row in found.buffer.images]
    assert names == sorted(set(names))
    for record, row in zip(found.index.records, found.buffer.images, strict=True):
        stored = read_stored_outputs(second.buffer / row.derpp_teacher_npz, image_sha256=record.sha256)
        assert stored.class_names == (CLASSES.names if row.task == 0 else ("green", "red"))
        if row.task == 0:
            assert (first.buffer / row.derpp_teacher_npz).read_bytes() == (
                second.buffer / row.derpp_teacher_npz
            ).read_bytes()


def test_after_a_task_that_left_no_buffer_it_begins_with_its_own(tmp_path):
    first, second = Task(tmp_path, "a", 3, seed=0), Task(tmp_path, "b", 4, seed=1)
    second.keep(9, after=first)
    assert Replayed.read(second.buffer).buffer.seen == 4


def test_a_larger_buffer_than_the_earlier_one_does_not_favor_new_images(tmp_path):
    first, second = Task(tmp_path, "a", 5, seed=0), Task(tmp_path, "b", 5, seed=1)
    first.keep(2)
    assert second.keep(4, after=first).lines == [
        f"note: the buffer of {first.directory} holds 2 of 5 images, and what it let go does not come back: this one "
        "holds 2, not 4, so that every image is as likely"
    ]


def test_an_earlier_buffer_that_changed_or_is_damaged_is_an_error(tmp_path):
    first, second = Task(tmp_path, "a", 3, seed=0), Task(tmp_path, "b", 3, seed=1)
    first.keep(2)
    ReplayBuffer(tasks=1, seen=3, capacity=2, images=[]).write(first.buffer)
    with pytest.raises(InputError, match="YZ550"):
        second.keep(2, after=first)
