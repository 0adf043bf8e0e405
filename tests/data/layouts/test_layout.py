from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.data.builders import write_bop, write_file, write_image, write_ply, write_yolo
from yolozu.data.layouts.layout import find_layout
from yolozu.data.layouts.mesh_files import ModelFiles
from yolozu.errors import InputError

ONE_PLACE = "give one of labels_dir, instances_json, scenes_dir, annotations_dir, annotations_xml and tasks_json"


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


def test_folders_of_scenes_are_splits_with_models_in_mm(tmp_path):
    write_bop(tmp_path, {}, scene="train/000001")
    layout = find_layout(write_bop(tmp_path, {}, scene="test/000002"))
    assert {name: (split.label_format, split.labels) for name, split in layout.splits.items()} == {
        "test": ("bop", tmp_path / "test"),
        "train": ("bop", tmp_path / "train"),
    }
    assert layout.models == ModelFiles(tmp_path / "models", 0.001)
    write_ply(tmp_path / "models_eval/obj_000003.ply", [])
    assert find_layout(tmp_path).models == ModelFiles(tmp_path / "models_eval", 0.001)


def test_a_data_yaml_names_splits_beside_the_folders(tmp_path):
    write_yolo(tmp_path, {"a/1": "", "b/2": "", "val/3": ""})
    path = write_file(tmp_path / "data.yaml", "train: [images/a, images/b]\nval: images/b\nnames: [cat, dog]")
    layout = find_layout(tmp_path)
    assert {name: split.label_format for name, split in layout.splits.items()} == {
        "a": "yolo",
        "b": "yolo",
        "train": "ultralytics",
        "val": "ultralytics",
    }
    assert layout.split("train").sources == (tmp_path / "images/a", tmp_path / "images/b")
    alone = find_layout(path)
    assert (alone.root, list(alone.splits), alone.class_files) == (tmp_path, ["train", "val"], (path,))


def test_folders_that_a_data_yaml_counts_to_its_splits_are_not_looked_at_twice(tmp_path):
    write_yolo(tmp_path, {"a/1": "", "b/1": "", "c/1": "", "d/1": ""}, classes=None)
    write_file(tmp_path / "val.txt", "./images/c/1.png\n")
    write_file(tmp_path / "data.yaml", "train: [images/a, images/b]\nval: val.txt\nnames: [cat]")
    layout = find_layout(tmp_path)
    assert list(layout.splits) == ["a", "b", "c", "d", "train", "val"]
    assert layout.separate_splits == ["d", "train", "val"]


def test_images_are_named_alike_however_the_root_is_spelled(tmp_path, monkeypatch):
    write_file(tmp_path / "set/data.yaml", "train: images/a\n")
    (tmp_path / "set/images/a").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "set")
    image = tmp_path / "set/images/a/1.png"
    for root in (tmp_path / "set", Path(), Path("../set"), Path("images/../../set")):
        layout = find_layout(root)
        assert layout.relative(image) == layout.relative(Path("images/a/1.png")) == "images/a/1.png"
        assert layout.relative(tmp_path / "1.png") == f"{tmp_path}/1.png"


def test_a_directory_with_a_yaml_of_another_name_is_pointed_to_it(tmp_path):
    (tmp_path / "train/images").mkdir(parents=True)
    path = write_file(tmp_path / "parts.yml", "train: train/images")
    with pytest.raises(InputError, match=r"YZ201 is no data set") as refused:
        find_layout(tmp_path)
    assert refused.value.findings[0].fix == f"name the file that describes it: dataset_root: {path}"
    assert list(find_layout(path).splits) == ["train"]


def test_a_data_yaml_that_describes_no_split_is_no_data_set(tmp_path):
    path = write_file(tmp_path / "data.yaml", "names: [cat]")
    with pytest.raises(InputError, match=r"data\.yaml: YZ201 is no data set: names no train, val or test"):
        find_layout(path)


def test_a_described_source_that_is_gone_is_refused(tmp_path):
    path = write_file(tmp_path / "data.yaml", "train: nowhere\nval: list.txt")
    layout = find_layout(path)
    for name, place in (("train", "nowhere"), ("val", r"list\.txt")):
        with pytest.raises(InputError, match=rf"{place}: YZ202 is no .*, but split '{name}' is there\n.*data\.yaml"):
            layout.split(name)


def test_a_descriptor_names_models_and_their_unit(tmp_path):
    entry = {"images_dir": "images", "labels_dir": "labels"}
    document = {"splits": {"a": entry}, "models_dir": "meshes", "models_unit": "m"}
    write_file(tmp_path / "dataset.json", json.dumps(document))
    assert find_layout(tmp_path).models == ModelFiles(tmp_path / "meshes", 1.0)


def test_a_missing_split_names_those_that_exist(tmp_path):
    layout = find_layout(write_yolo(tmp_path, {"train/a": "", "val/b": ""}))
    with pytest.raises(InputError) as refused:
        layout.split("test")
    assert str(refused.value) == f"{tmp_path}: YZ202 has no split 'test'\n  fix: choose one of: train, val"


def test_a_missing_root_and_a_directory_without_images_are_no_data_sets(tmp_path):
    with pytest.raises(InputError, match="YZ201 no such directory"):
        find_layout(tmp_path / "nowhere")
    with pytest.raises(InputError) as refused:
        find_layout(tmp_path)
    assert str(refused.value) == (
        f"{tmp_path}: YZ201 is no data set: there is none of dataset.json, images/<split>/, COCO's "
        "annotations/instances_<split>.json, BOP's <split>/<scene>/\n"
        "  fix: lay it out as images/<split>/NAME.jpg and labels/<split>/NAME.txt, or describe it in a dataset.json"
    )


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            {"splits": {}},
            "splits: YZ203 must be a map {NAME: {images_dir, labels_dir or instances_json} or {scenes_dir}} with one "
            "split or more, got {}\n  fix: correct or remove it",
        ),
        (
            {"splits": {"a": {"images_dir": "x"}}},
            f"splits.a: YZ203 says nowhere where its labels are\n  fix: {ONE_PLACE}",
        ),
        (
            {"splits": {"a": {"images_dir": "x", "labels_dir": "y", "instances_json": "z"}}},
            f"splits.a.labels_dir: YZ203 has labels_dir and instances_json\n  fix: {ONE_PLACE}",
        ),
        (
            {"splits": {"a": {"labels_dir": "x"}}},
            "splits.a.labels_dir: YZ203 has no images_dir beside it\n  fix: add images_dir",
        ),
        (
            {"splits": {"a": {"scenes_dir": "x", "images_dir": "y"}}},
            "splits.a.images_dir: YZ203 has no place beside scenes_dir\n  fix: remove one of them",
        ),
        (
            {"splits": {"a": {"scenes_dir": "x"}}, "models_dir": "m"},
            "models_dir: YZ203 models_dir and models_unit need each other\n  fix: give both or none",
        ),
        (
            {"splits": {"a": {"images_dir": "x", "labels_dir": "y", "label_dir": 1}}},
            "splits.a.label_dir: YZ203 unknown key\n  fix: did you mean 'labels_dir'?",
        ),
        (
            {"format": "coco", "splits": {"a": {"images_dir": "x", "labels_dir": "y"}}},
            "format: YZ203 is coco, but split 'a' has yolo labels\n  fix: correct or remove it: the splits decide",
        ),
        (
            {"splits": {"a": {"images_dir": "x", "labels_dir": "y"}}, "category_ids": [1]},
            "category_ids: YZ203 needs classes\n  fix: add classes, in the same order",
        ),
        ([], "YZ203 holds a list where keys are expected\n  fix: write a JSON object with splits"),
    ],
)
def test_a_descriptor_that_describes_nothing_is_refused(tmp_path, document, message):
    write_file(tmp_path / "dataset.json", json.dumps(document))
    with pytest.raises(InputError) as refused:
        find_layout(tmp_path)
    assert str(refused.value) == f"{tmp_path}/dataset.json:1: {message}"


@pytest.mark.parametrize("missing", ["images", "instances.json"])
def test_a_described_split_whose_files_are_gone_is_refused(tmp_path, missing):
    splits = {"a": {"images_dir": "images", "instances_json": "instances.json"}}
    write_file(tmp_path / "dataset.json", json.dumps({"splits": splits}))
    if missing != "images":
        (tmp_path / "images").mkdir()
    with pytest.raises(InputError, match=rf"{missing}: YZ202 is no .*, but split 'a' is there"):
        find_layout(tmp_path).split("a")


@pytest.mark.parametrize(
    ("splits", "asked", "meant"),
    [
        (("train2017", "val2017"), ("train", "val"), ("train2017", "val2017")),
        (("train", "valid", "test"), ("train", "val", "test"), ("train", "valid", "test")),
        (("training", "validation"), ("train", "val"), ("training", "validation")),
        (("train_2014", "val-2014"), ("train", "val"), ("train_2014", "val-2014")),
        (("val", "val2017"), ("val",), ("val",)),
    ],
)
def test_the_usual_names_mean_what_a_data_set_calls_its_splits(tmp_path, splits, asked, meant):
    layout = find_layout(write_yolo(tmp_path, {f"{split}/a": "" for split in splits}))
    assert tuple(layout.split(name).name for name in asked) == meant


@pytest.mark.parametrize(
    ("splits", "asked"),
    [(("val2014", "val2017"), "val"), (("train",), "val"), (("val",), "valid"), (("test-dev2017",), "test")],
)
def test_what_may_mean_several_splits_or_none_is_refused(tmp_path, splits, asked):
    layout = find_layout(write_yolo(tmp_path, {f"{split}/a": "" for split in splits}))
    with pytest.raises(InputError, match=f"YZ202 has no split '{asked}'\n  fix: choose one of: {', '.join(splits)}"):
        layout.split(asked)


def test_a_dataset_json_stands_for_its_directory(tmp_path):
    write_image(tmp_path / "a/1.png")
    path = write_file(
        tmp_path / "dataset.json", json.dumps({"splits": {"one": {"images_dir": "a", "labels_dir": "b"}}})
    )
    assert find_layout(path) == find_layout(tmp_path)
