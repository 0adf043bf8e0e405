from __future__ import annotations

import os

import pytest

from tests.data.builders import write_coco, write_file, write_image, write_yolo
from yolozu.artifacts.digest import DigestCache
from yolozu.contract.data import DatasetSection
from yolozu.data.fingerprint import fingerprint, predicted_split, used_splits
from yolozu.errors import InputError

LABELS = {"train/a": "0 .5 .5 .1 .1", "val/b": None, "test/c": None}


def digest(root, cache=None, **keys):
    return fingerprint(DatasetSection(dataset_root=str(root), **keys), DigestCache(None) if cache is None else cache)


def test_all_files_of_the_used_splits_count(tmp_path):
    found = digest(write_yolo(tmp_path, LABELS))
    files = ["classes.txt", "images/train/a.png", "labels/train/a.txt", "images/val/b.png"]
    assert found["files"] == len(files)
    assert found["bytes"] == sum((tmp_path / name).stat().st_size for name in files)
    assert found["dataset_root"] == str(tmp_path)


@pytest.mark.parametrize(
    "name", ["classes.txt", "labels/train/a.txt", "labels/train/a.json", "labels/val/b.txt", "data.yaml"]
)
def test_other_content_is_another_digest(tmp_path, name):
    before = digest(write_yolo(tmp_path, LABELS))
    write_file(tmp_path / name, "0 .5 .5 .2 .2")
    assert digest(tmp_path)["digest"] != before["digest"]


def test_another_image_is_another_digest(tmp_path):
    before = digest(write_yolo(tmp_path, LABELS))
    write_image(tmp_path / "images/val/b.png", seed=99)
    assert digest(tmp_path)["digest"] != before["digest"]


def test_unused_splits_and_foreign_files_do_not_count(tmp_path):
    before = digest(write_yolo(tmp_path, LABELS))
    write_image(tmp_path / "images/test/c.png", seed=99)
    write_file(tmp_path / "README.md", "hello")
    write_file(tmp_path / "images/train/.thumbs.png", "hello")
    assert digest(tmp_path) == before
    assert digest(tmp_path, predict_split="test") != before


def test_without_class_names_the_labels_of_all_splits_count(tmp_path):
    before = digest(write_yolo(tmp_path, LABELS, classes=None))
    write_file(tmp_path / "labels/test/c.txt", "7 .5 .5 .2 .2")
    assert digest(tmp_path)["digest"] != before["digest"]


def test_touching_reads_again_and_changes_nothing(tmp_path):
    with DigestCache(tmp_path / "digests.sqlite") as cache:
        before = digest(write_yolo(tmp_path / "set", LABELS), cache)
        os.utime(tmp_path / "set/images/train/a.png", (1, 1))
        assert digest(tmp_path / "set", cache) == before


def test_an_instances_file_counts(tmp_path):
    before = digest(write_coco(tmp_path, []), split="train", val_split="train")
    assert before["files"] == 4
    write_file(tmp_path / "instances.json", "{}")
    assert digest(tmp_path, split="train", val_split="train")["digest"] != before["digest"]


def test_rendered_scenes_have_no_files():
    found = fingerprint(DatasetSection(), DigestCache(None))
    assert (found["dataset_root"], found["files"], found["bytes"]) == ("synthetic", 0, 0)
    assert found == fingerprint(DatasetSection(split="other"), DigestCache(None))


def test_missing_data_and_missing_splits_are_refused(tmp_path):
    with pytest.raises(InputError, match="YZ201"):
        digest(tmp_path / "nowhere")
    with pytest.raises(InputError, match="YZ202 has no split 'valid'"):
        digest(write_yolo(tmp_path, LABELS), val_split="valid")


def test_prediction_uses_the_validation_split_unless_told_otherwise():
    assert predicted_split(DatasetSection()) == "val"
    assert used_splits(DatasetSection()) == ["train", "val"]
    assert used_splits(DatasetSection(val_split="train", predict_split="test")) == ["train", "test"]
