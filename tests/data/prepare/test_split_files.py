from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.builders import (
    bop_box,
    bop_row,
    check_of,
    found,
    survey_of,
    write_bop,
    write_coco,
    write_file,
    write_image,
    write_yolo,
)
from yolozu.data.prepare.split_files import inside, part_files

CLASSES = 'names:\n  0: "cat"\n  1: "dog"\n'


def files_of(root, out, split=None):
    """Files that make the first image of a split ``train`` and the others ``val``, paths relative to ``out``."""
    surveyed = survey_of(root, *([] if split is None else [split]))
    images = [image.labeled for image in surveyed.splits[0].images]
    files = part_files(surveyed, {"train": images[:1], "val": images[1:]}, out, "How.")
    for path, text in files.items():
        write_file(path, text)
    return {path.relative_to(out).as_posix(): text for path, text in files.items()}


def test_label_files_beside_pictures_give_a_data_yaml(tmp_path):
    for name in "ab":
        write_image(tmp_path / f"photos/{name}.png", seed=ord(name))
        write_file(tmp_path / f"photos/{name}.txt", "1 .5 .5 .2 .2")
    write_file(tmp_path / "photos/classes.txt", "cat\ndog\n")
    assert files_of(tmp_path / "photos", tmp_path) == {
        "train.txt": "./photos/a.png\n",
        "val.txt": "./photos/b.png\n",
        "data.yaml": f"# How.\ntrain: train.txt\nval: val.txt\n{CLASSES}",
    }
    checked = check_of(tmp_path / "data.yaml")
    assert (found(checked, tmp_path), checked.survey.classes.names) == ([], ("cat", "dog"))
    assert [len(split.images[0].labeled.instances) for split in checked.survey.splits] == [1, 1]


def test_labels_where_other_tools_would_not_look_give_a_dataset_json(tmp_path):
    for name in "ab":
        write_image(tmp_path / f"photos/{name}.png", seed=ord(name))
        write_file(tmp_path / f"photos/labels/{name}.txt", "1 .5 .5 .2 .2")
    files = files_of(tmp_path / "photos", tmp_path)
    assert list(files) == ["train.txt", "val.txt", "dataset.json"]
    checked = check_of(tmp_path)
    assert found(checked, tmp_path) == []
    assert [(split.name, len(split.images[0].labeled.instances)) for split in checked.survey.splits] == [
        ("train", 1),
        ("val", 1),
    ]


def test_a_split_of_folders_can_be_parted_from_elsewhere(tmp_path):
    write_yolo(tmp_path / "set", {"train/a": "0 .5 .5 .2 .2", "train/b": None})
    files = files_of(tmp_path / "set", tmp_path / "out")
    assert files["train.txt"] == f"{tmp_path}/set/images/train/a.png\n"
    assert list(files)[-1] == "data.yaml"
    assert [len(split.images) for split in check_of(tmp_path / "out").survey.splits] == [1, 1]


def test_annotations_of_a_coco_file_stay_where_they_are(tmp_path):
    write_coco(tmp_path / "set", [{"image_id": 20, "category_id": 7, "bbox": [16, 18, 32, 12]}])
    files = files_of(tmp_path / "set", tmp_path)
    assert files["train.txt"] == "./set/pictures/a.png\n"
    assert files["dataset.json"] == (
        '{\n  "category_ids": [\n    3,\n    7\n  ],\n  "classes": [\n    "cat",\n    "dog"\n  ],\n'
        '  "format": "coco",\n  "splits": {\n    "train": {\n      "images_dir": "set/pictures",\n'
        '      "images_list": "train.txt",\n      "instances_json": "set/instances.json"\n    },\n'
        '    "val": {\n      "images_dir": "set/pictures",\n      "images_list": "val.txt",\n'
        '      "instances_json": "set/instances.json"\n    }\n  }\n}\n'
    )
    checked = check_of(tmp_path)
    assert [len(split.images[0].labeled.instances) for split in checked.survey.splits] == [1, 0]


def test_scenes_keep_their_meshes(tmp_path):
    write_bop(
        tmp_path / "set", {0: [bop_row(7)], 1: [bop_row(7)]}, {0: [bop_box(1, 1, 9, 9)], 1: [bop_box(1, 1, 9, 9)]}
    )
    files_of(tmp_path / "set", tmp_path)
    surveyed = survey_of(tmp_path)
    assert [[image.labeled.path.name for image in split.images] for split in surveyed.splits] == [
        ["000000.png"],
        ["000001.png"],
    ]
    assert surveyed.models.by_class.keys() == {0, 1}


@pytest.mark.parametrize(
    ("path", "written"), [("a/b", "a/b"), ("../x", "/sets/x"), ("/sets/set/a", "a"), ("/other", "/other")]
)
def test_paths_are_relative_where_they_are_inside(path, written):
    root = Path("/sets/set")
    assert inside(root / path, root) == written
