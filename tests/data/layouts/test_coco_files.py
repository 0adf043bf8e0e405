from __future__ import annotations

import json

import pytest

from tests.data.builders import write_file, write_image
from yolozu.data.layouts.coco_files import coco_split_at, coco_splits, split_of
from yolozu.data.layouts.layout import find_layout
from yolozu.errors import InputError


def write_instances(path, *names):
    images = [{"id": number, "file_name": name, "width": 64, "height": 48} for number, name in enumerate(names)]
    document = {"info": {}, "images": images, "annotations": [], "categories": [{"id": 1, "name": "cat"}]}
    return write_file(path, json.dumps(document))


def coco(root, images_at="{}", prefix="instances_", splits=("train2017", "val2017")):
    """A COCO data set with one image a split."""
    for seed, split in enumerate(splits):
        write_image(root / images_at.format(split) / f"{split}.png", seed=seed)
        write_instances(root / f"annotations/{prefix}{split}.json", f"{split}.png")
    return root


def roboflow(root):
    for seed, split in enumerate(("train", "valid", "test")):
        write_image(root / split / f"{seed}.png", seed=seed)
        write_instances(root / split / "_annotations.coco.json", f"{seed}.png")
    return root


def places(layout, root):
    assert {split.label_format for split in layout.splits.values()} == {"coco"}
    return {
        name: (split.images_dir.relative_to(root).as_posix(), split.labels.relative_to(root).as_posix())
        for name, split in layout.splits.items()
    }


@pytest.mark.parametrize("images_at", ["{}", "images/{}", "images"])
def test_a_coco_folder_trains_as_it_is(tmp_path, images_at):
    assert places(find_layout(coco(tmp_path, images_at)), tmp_path) == {
        split: (images_at.format(split), f"annotations/instances_{split}.json") for split in ("train2017", "val2017")
    }


def test_a_roboflow_export_trains_as_it_is(tmp_path):
    layout = find_layout(roboflow(tmp_path))
    assert places(layout, tmp_path) == {
        split: (split, f"{split}/_annotations.coco.json") for split in ("test", "train", "valid")
    }
    alone = find_layout(tmp_path / "train")
    assert (list(alone.splits), alone.root) == (["train"], tmp_path / "train")


def test_images_without_annotations_are_a_split_unless_there_are_annotations_too(tmp_path):
    coco(tmp_path, prefix="image_info_", splits=("test2017", "val2017"))
    write_instances(tmp_path / "annotations/instances_val2017.json", "val2017.png")
    assert [split.file.name for split in coco_splits(tmp_path)] == [
        "image_info_test2017.json",
        "instances_val2017.json",
    ]


def test_other_files_of_annotations_are_no_splits(tmp_path):
    coco(tmp_path)
    for name in ("captions_train2017.json", "person_keypoints_train2017.json"):
        write_instances(tmp_path / "annotations" / name, "train2017.png")
    assert [split.name for split in coco_splits(tmp_path)] == ["train2017", "val2017"]


def test_label_files_win_over_instances_of_the_same_split(tmp_path):
    coco(tmp_path, "images/{}")
    write_file(tmp_path / "labels/train2017/train2017.txt", "0 .5 .5 .5 .5")
    layout = find_layout(tmp_path)
    assert {name: split.label_format for name, split in layout.splits.items()} == {
        "train2017": "yolo",
        "val2017": "coco",
    }


def test_folders_in_a_common_directory_of_images_are_no_splits(tmp_path):
    write_image(tmp_path / "images/a/1.png")
    write_instances(tmp_path / "annotations/instances_train.json", "a/1.png")
    assert list(find_layout(tmp_path).splits) == ["train"]


@pytest.mark.parametrize("make", [coco, roboflow])
def test_a_file_of_a_data_set_stands_for_it_however_it_is_addressed(tmp_path, monkeypatch, make):
    make(tmp_path)
    file = coco_splits(tmp_path)[0].file
    expected = [(split.name, split.images_dir) for split in coco_splits(tmp_path)]
    monkeypatch.chdir(file.parent)
    for path in (file, file.relative_to(file.parent)):
        root, splits = coco_split_at(path)
        assert root.resolve() == tmp_path
        assert [(split.name, split.images_dir.resolve()) for split in splits] == expected
    layout = find_layout(file)
    assert sorted(layout.splits) == sorted(name for name, _ in expected)


@pytest.mark.parametrize("images_at", [".", "images", "data", "../images", "boxes"])
def test_the_images_of_a_file_alone_are_looked_for_around_it(tmp_path, images_at):
    write_image(tmp_path / "set" / images_at / "a.png")
    layout = find_layout(write_instances(tmp_path / "set/boxes.json", "a.png"))
    assert layout.split("boxes").images_dir.resolve() == (tmp_path / "set" / images_at).resolve()


def test_images_that_are_nowhere_are_said_with_the_way_out(tmp_path):
    file = write_instances(tmp_path / "annotations/instances_train.json", "a.png")
    for root, problem in (
        (file, "is no data set: the images that it lists are not around it"),
        (tmp_path, f"is no data set: {file} is there, but its images are neither in train/ nor in images/"),
    ):
        with pytest.raises(InputError) as refused:
            find_layout(root)
        (finding,) = refused.value.findings
        assert (finding.code, finding.problem) == ("YZ201", problem)
        assert "instances_json" in finding.fix


@pytest.mark.parametrize("text", ["", "{", '{"images": []}', '{"file_name": "\\ud800'])
def test_what_is_wrong_with_a_file_is_left_to_its_reader(tmp_path, text):
    file = write_file(tmp_path / "annotations/instances_train.json", text)
    assert coco_splits(tmp_path) == []
    (tmp_path / "train").mkdir()
    assert [split.file for split in coco_splits(tmp_path)] == [file]


def test_names_of_splits(tmp_path):
    paths = (
        "annotations/instances_val2017.json",
        "annotations/image_info_test.json",
        "valid/_annotations.coco.json",
        "a.json",
    )
    assert [split_of(tmp_path / path) for path in paths] == ["val2017", "test", "valid", "a"]
