"""A training's images with those that it replays: found, planned, checked."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.stages.test_replay import Task
from tests.training.tiny import make_index
from yolozu.artifacts.digest import DigestCache
from yolozu.artifacts.meshes import ObjectModels
from yolozu.artifacts.stored_outputs import StoredOutputs, file_of, write_stored_outputs
from yolozu.contract.sections.continual import ContinualSection
from yolozu.data.placement import Placement
from yolozu.errors import InputError
from yolozu.structures.classes import ClassTable
from yolozu.training.joined_data import joined_data


@pytest.fixture
def earlier(tmp_path):
    task = Task(tmp_path, "a", 6, seed=0)
    task.keep(4)
    return task


@pytest.fixture
def joining(tmp_path, earlier):
    """``joining(**keys)`` of images of a second task."""
    train = make_index(tmp_path / "new", "train", 5, seed=9)

    def found(index=train, planned=True, **keys):
        keys = {"continual_from": str(earlier.directory), "replay_share": 0.5, **keys}
        section = ContinualSection(**keys)
        path = tmp_path / "earlier.json"
        if planned:
            key = section.derpp_teacher_key
            left = {"continual/replay": DigestCache(None).path(earlier.buffer)} if earlier.buffer.exists() else {}
            stored = None if key == "derpp_teacher_npz" else DigestCache(None).tree(tmp_path / key)
            path.write_text(json.dumps({"left": left, "stored_outputs": stored}))
        return joined_data(index, ObjectModels(), section, planned=path, batch_size=4, keep=False)

    found.train = train
    return found


@pytest.mark.effect("replay_share")
def test_replayed_images_come_after_the_trainings_own(joining):
    data = joining()
    assert (len(data.index), data.num_replayed, data.per_batch) == (9, 4, 2)
    assert data.index.records[:5] == joining.train.records
    assert (data.stored, data.derpp_weight) == (None, 0.0)
    (line,) = data.lines
    assert line.startswith("replaying 2 of every 4 images, from 4 of 6 that ")
    assert joining(replay_share=0.25).per_batch == 1
    assert joining(replay_share=0.0).index is joining.train


@pytest.mark.effect("derpp", "derpp_weight")
def test_replayed_images_bring_what_is_stored_of_them(joining):
    data = joining(derpp=True, derpp_weight=0.5)
    whole = Placement.letterbox(64, 64, 64, 64)
    assert [data.stored.placed(number, whole) is None for number in range(9)] == [True] * 5 + [False] * 4
    assert data.derpp_weight == 0.5
    assert data.lines[-1] == "derpp: 4 of 9 images have stored outputs, which are held to"


@pytest.mark.effect("derpp_teacher_key")
def test_a_directory_has_what_is_stored_of_the_trainings_own_images(joining, tmp_path):
    (tmp_path / "teachers").mkdir()
    key = str(tmp_path / "teachers")
    with pytest.raises(InputError, match=r"YZ553 5 of 9 images have none that can be read: train/000.png: "):
        joining(derpp=True, derpp_teacher_key=key)
    for record in joining.train.records:
        stored = StoredOutputs(
            np.zeros((1, 1), np.float32), np.full((1, 4), 0.5, np.float32), ("blue",), "t" * 64, record.sha256
        )
        write_stored_outputs(tmp_path / "teachers" / file_of(record.sha256), stored)
    whole = Placement.letterbox(64, 64, 64, 64)
    for share, count in ((0.5, 9), (0.0, 5)):
        data = joining(derpp=True, derpp_teacher_key=key, replay_share=share)
        assert len([number for number in range(count) if data.stored.placed(number, whole) is not None]) == count
    assert data.stored.placed(0, whole).columns_C.tolist() == [1]
    (tmp_path / "teachers" / file_of(joining.train.records[0].sha256)).write_text("other")
    with pytest.raises(InputError, match=r"derpp_teacher_key: .*: YZ551 has changed since the run was planned"):
        joining(derpp=True, derpp_teacher_key=key, planned=False)


def test_what_is_replayed_is_what_was_planned(joining, earlier):
    joining()
    earlier.keep(3, to=earlier.directory / "other")
    (earlier.buffer / "extra.txt").write_text("x")
    with pytest.raises(InputError, match=r"continual_from: .*: YZ551 has changed since the run was planned"):
        joining(planned=False)


def test_a_run_that_left_no_buffer_has_nothing_to_replay(joining, earlier):
    (earlier.buffer).rename(earlier.directory / "away")
    with pytest.raises(InputError) as caught:
        joining()
    (finding,) = caught.value.findings
    assert (finding.code, finding.problem) == ("YZ550", "left no images to replay, and replay_share is 0.5")
    assert finding.fix.startswith("set replay_images in the earlier task")


def test_a_damaged_stored_output_is_counted(joining, earlier):
    next((earlier.buffer / "outputs").iterdir()).write_text("damaged")
    with pytest.raises(InputError, match="YZ553 1 of 4 images have none that can be read"):
        joining(derpp=True)


def test_classes_are_the_same_by_name(joining):
    table = ClassTable(("blue", "green", "red"), (1, 2, 3))
    own = replace(joining.train, classes=table, records=joining.train.records[-1:])  # the one without objects
    data = joining(index=own, derpp=True)
    assert data.index.classes == table
    assert {number for record in data.index.records for number in record.class_indices.tolist()} <= {0, 2}
    assert data.stored.placed(1, Placement.letterbox(64, 64, 64, 64)).columns_C.tolist() == [2, 0]
    with pytest.raises(InputError, match="YZ552 shows objects of classes that the training does not have: blue"):
        joining(index=replace(own, classes=ClassTable(("red",), (1,))))
