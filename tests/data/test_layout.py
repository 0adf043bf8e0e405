from __future__ import annotations

import json

import pytest

from tests.data.builders import write_file, write_image, write_yolo
from yolozu.data.layout import find_layout
from yolozu.errors import InputError


def test_folders_are_splits(tmp_path):
    layout = find_layout(write_yolo(tmp_path, {"train/a": "", "val/sub/b": None}))
    assert list(layout.splits) == ["train", "val"]
    split = layout.split("val")
    assert (split.label_format, split.images_dir, split.labels) == (
        "yolo",
        tmp_path / "images/val",
        tmp_path / "labels/val",
    )
    assert layout.class_files == (tmp_path / "classes.txt",)


def test_a_descriptor_names_splits_with_relative_and_absolute_paths(tmp_path):
    write_image(tmp_path / "elsewhere/a.png")
    write_file(tmp_path / "set/instances.json", "{}")
    splits = {
        "one": {"images_dir": str(tmp_path / "elsewhere"), "labels_dir": "labels"},
        "two": {"images_dir": "../elsewhere", "instances_json": "instances.json"},
    }
    write_file(tmp_path / "set/dataset.json", json.dumps({"splits": splits}))
    layout = find_layout(tmp_path / "set")
    assert layout.split("one").images_dir == tmp_path / "elsewhere"
    assert layout.split("two").label_format == "coco"
    assert layout.relative(tmp_path / "set/x/a.png") == "x/a.png"
    assert layout.relative(tmp_path / "elsewhere/a.png") == f"{tmp_path}/elsewhere/a.png"


def test_a_missing_split_names_those_that_exist(tmp_path):
    layout = find_layout(write_yolo(tmp_path, {"train/a": "", "val/b": ""}))
    with pytest.raises(InputError) as refused:
        layout.split("test")
    assert str(refused.value) == f"{tmp_path}: YZ202 has no split 'test'\n  fix: choose one of: train, val"


def test_a_missing_root_and_a_directory_without_images_are_no_data_sets(tmp_path):
    with pytest.raises(InputError, match="YZ201 no such directory"):
        find_layout(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"YZ201 is no data set: neither dataset\.json nor images/<split>/"):
        find_layout(tmp_path)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"splits": {}}, "splits: YZ203 Dictionary should have at least 1 item"),
        ({"splits": {"a": {"images_dir": "x"}}}, "splits.a: YZ203 give either labels_dir or instances_json"),
        ({"splits": {"a": {"images_dir": "x", "labels_dir": "y", "maskes": 1}}}, "splits.a.maskes: YZ203 Extra inputs"),
        (
            {"format": "coco", "splits": {"a": {"images_dir": "x", "labels_dir": "y"}}},
            "YZ203 format is coco, but split 'a' has yolo labels",
        ),
        (
            {"splits": {"a": {"images_dir": "x", "labels_dir": "y"}}, "category_ids": [1]},
            "YZ203 category_ids needs classes",
        ),
        ([], "YZ203 Input should be"),
    ],
)
def test_a_descriptor_that_describes_nothing_is_refused(tmp_path, document, message):
    write_file(tmp_path / "dataset.json", json.dumps(document))
    with pytest.raises(InputError) as refused:
        find_layout(tmp_path)
    assert message in str(refused.value)
    assert str(refused.value).startswith(f"{tmp_path}/dataset.json: ")


@pytest.mark.parametrize("missing", ["images", "instances.json"])
def test_a_described_split_whose_files_are_gone_is_refused(tmp_path, missing):
    splits = {"a": {"images_dir": "images", "instances_json": "instances.json"}}
    write_file(tmp_path / "dataset.json", json.dumps({"splits": splits}))
    if missing != "images":
        (tmp_path / "images").mkdir()
    with pytest.raises(InputError, match=rf"{missing}: YZ202 is no .*, but split 'a' is there"):
        find_layout(tmp_path).split("a")
