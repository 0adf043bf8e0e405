"""A ``dataset.json`` that grows."""

from __future__ import annotations

import json

import pytest

from tests.data.builders import write_file
from yolozu.data.layouts.descriptor import SplitEntry
from yolozu.data.layouts.mesh_files import ModelFiles
from yolozu.data.prepare.extending import as_written, extended, write_descriptor
from yolozu.errors import InputError, UsageError
from yolozu.structures.classes import ClassTable

CLASSES = ClassTable(("cat", "dog"), (3, 7))
YOLO = SplitEntry(images_dir="images/a", labels_dir="labels/a")
COCO = SplitEntry(images_dir="/images", instances_json="/instances.json")


def grown(out, *splits, classes=CLASSES, models=None):
    for name, entry in splits:
        write_descriptor(out, extended(out, name, entry, classes, models))
    return json.loads((out / "dataset.json").read_text())


def test_splits_are_added_and_the_common_format_is_said(tmp_path):
    assert grown(tmp_path, ("a", YOLO), ("b", YOLO))["format"] == "yolo"
    document = grown(tmp_path, ("c", COCO))
    assert (sorted(document["splits"]), "format" in document) == (["a", "b", "c"], False)
    assert (document["classes"], document["category_ids"]) == (["cat", "dog"], [3, 7])


def test_extending_by_what_is_there_writes_nothing(tmp_path):
    grown(tmp_path, ("a", YOLO), ("b", COCO))
    before = (tmp_path / "dataset.json").stat().st_mtime_ns
    grown(tmp_path, ("a", YOLO))
    assert (tmp_path / "dataset.json").stat().st_mtime_ns == before


@pytest.mark.parametrize("classes", [ClassTable(("cat",), (3,)), ClassTable(("cat", "dog"), (3, 8))])
def test_other_classes_are_refused(tmp_path, classes):
    grown(tmp_path, ("a", YOLO))
    with pytest.raises(UsageError, match="YZ263 has other classes than the new split"):
        extended(tmp_path, "b", COCO, classes)


def test_another_split_of_the_name_is_refused(tmp_path):
    grown(tmp_path, ("a", YOLO))
    with pytest.raises(UsageError, match="YZ263 describes another split 'a'"):
        extended(tmp_path, "a", COCO, CLASSES)


def test_models_stay_and_must_agree(tmp_path):
    out, models = tmp_path / "out", ModelFiles(tmp_path / "models", 0.001)
    assert grown(out, ("a", YOLO), models=models)["models_unit"] == "mm"
    assert grown(out, ("b", COCO))["models_dir"] == str(tmp_path / "models")
    with pytest.raises(UsageError, match="YZ263 has other models than the new split"):
        extended(out, "c", YOLO, CLASSES, ModelFiles(tmp_path / "models", 1.0))


def test_a_file_that_describes_nothing_is_an_error(tmp_path):
    write_file(tmp_path / "dataset.json", "{}")
    with pytest.raises(InputError, match="YZ203"):
        extended(tmp_path, "a", YOLO, CLASSES)


@pytest.mark.parametrize("name", ["", ".", "..", ".a", "a/b", "a\\b"])
def test_names_that_are_paths_are_refused(tmp_path, name):
    with pytest.raises(UsageError, match="YZ264 cannot name a split"):
        extended(tmp_path, name, YOLO, CLASSES)


def test_paths_inside_are_relative_and_others_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = (tmp_path / "out").relative_to(tmp_path)
    assert as_written(out / "labels/a", out) == "labels/a"
    assert as_written(tmp_path / "x/../y", out) == str(tmp_path / "y")
