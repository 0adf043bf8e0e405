from __future__ import annotations

import pytest

from tests.data.builders import write_file, write_image
from tests.data.tars import write_tar
from yolozu.data.layouts.layout import find_layout
from yolozu.data.layouts.unsplit import holds_pictures, labeled_folders
from yolozu.errors import InputError


def write(root, *names):
    """Pictures and texts of these names."""
    for seed, name in enumerate(names):
        write_file(root / name, "0 .5 .5 .2 .2") if name.endswith(".txt") else write_image(root / name, seed=seed)
    return root


@pytest.mark.parametrize(
    ("names", "places"),
    [
        (("a.jpg", "a.txt"), ("", "")),
        (("a.jpg", "labels/a.txt"), ("", "labels")),
        (("sub/a.jpg", "labels/sub/a.txt"), ("", "labels")),
        (("images/a.jpg", "labels/a.txt"), ("images", "labels")),
        (("images/a.jpg", "images/a.txt"), ("images", "images")),
        (("obj_train_data/a.jpg", "obj_train_data/a.txt", "train.txt"), ("obj_train_data", "obj_train_data")),
    ],
)
def test_pictures_with_label_files_are_one_split(tmp_path, names, places):
    layout = find_layout(write(tmp_path, *names))
    (split,) = layout.splits.values()
    assert (split.name, split.label_format) == ("all", "yolo")
    assert (split.images_dir, split.labels) == tuple(tmp_path / place if place else tmp_path for place in places)


def test_folders_of_the_usual_names_are_splits(tmp_path):
    write(tmp_path, "train/images/a.jpg", "train/labels/a.txt", "valid/b.jpg", "valid/b.txt", "test/c.jpg")
    layout = find_layout(tmp_path)
    assert {name: (split.images_dir, split.labels) for name, split in layout.splits.items()} == {
        "train": (tmp_path / "train/images", tmp_path / "train/labels"),
        "valid": (tmp_path / "valid", tmp_path / "valid"),
    }


def test_folders_of_darknet_are_splits_where_there_are_several(tmp_path):
    names = [f"obj_{name}_data/{name}.{suffix}" for name in ("train", "valid") for suffix in ("jpg", "txt")]
    layout = find_layout(write(tmp_path, *names))
    assert {name: split.images_dir.name for name, split in layout.splits.items()} == {
        "train": "obj_train_data",
        "valid": "obj_valid_data",
    }


def test_pictures_without_any_label_file_are_no_data_set(tmp_path):
    write(tmp_path, "a.jpg", "README.txt")
    assert labeled_folders(tmp_path) == []
    assert (holds_pictures(tmp_path), holds_pictures(tmp_path / "nowhere")) == (True, False)
    with pytest.raises(InputError) as refused:
        find_layout(tmp_path)
    assert str(refused.value) == (
        f"{tmp_path}: YZ201 is no data set: its pictures have no labels, and there is none of dataset.json, "
        "images/<split>/, COCO's annotations/instances_<split>.json, BOP's <split>/<scene>/\n"
        f"  fix: yolozu init {tmp_path} says how to label them"
    )


def test_a_training_on_what_is_not_split_is_told_how_to_split(tmp_path):
    layout = find_layout(write(tmp_path, "a.jpg", "a.txt"))
    with pytest.raises(InputError) as refused:
        layout.split("train")
    assert str(refused.value) == (
        f"{tmp_path}: YZ202 has no split 'train'\n  fix: hold some pictures out first: yolozu data split {tmp_path}"
    )


@pytest.mark.parametrize("name", ["classes.txt", "obj.names", "labels/classes.txt"])
def test_the_lists_of_classes_that_tools_write_are_found(tmp_path, name):
    write(tmp_path, "a.jpg", "labels/a.txt")
    path = write_file(tmp_path / name, "cat\n")
    assert find_layout(tmp_path).class_files == (path,)


def test_folders_of_tar_files_with_pictures_and_labels_are_splits(tmp_path):
    write_file(tmp_path / "classes.txt", "cat")
    for split in ("train", "val"):
        write_tar(tmp_path / split / f"{split}-000000.tar", {"7.jpg": b"", "7.txt": b""})
    layout = find_layout(tmp_path)
    assert {name: (split.images_dir, split.labels) for name, split in layout.splits.items()} == {
        "train": (tmp_path / "train", tmp_path / "train"),
        "val": (tmp_path / "val", tmp_path / "val"),
    }


def test_a_folder_with_a_tar_file_of_something_else_holds_no_pictures(tmp_path):
    write_tar(tmp_path / "backup.tar", {"notes.md": b""})
    write_tar(tmp_path / "pictures/p.tar", {"7.jpg": b""})
    assert labeled_folders(tmp_path) == []
    assert [holds_pictures(tmp_path / name) for name in ("", "pictures")] == [False, True]
