from __future__ import annotations

import pytest

from tests.data.builders import check_of, found, index_at, survey_of, write_file, write_image, write_sidecar, write_yolo
from tests.data.tars import pack_split
from yolozu.structures.classes import ClassTable

LABELS = {"a/1": "0 .5 .5 .1 .1\n", "a/2": None, "b/3": "1 .5 .5 .1 .1\n"}


@pytest.fixture
def root(tmp_path):
    write_yolo(tmp_path, LABELS, classes=None)
    write_file(tmp_path / "data.yaml", "train: [images/a, images/b]\nval: val.txt\nnames: {0: cat, 1: dog}\n")
    write_file(tmp_path / "val.txt", "./images/b/3.png\n")
    return tmp_path


def test_directories_and_lists_are_read(root):
    surveyed = survey_of(root / "data.yaml", "train", "val")
    assert surveyed.classes == ClassTable(("cat", "dog"), (0, 1))
    assert [[image.labeled.image for image in split.images] for split in surveyed.splits] == [
        ["images/a/1.png", "images/a/2.png", "images/b/3.png"],
        ["images/b/3.png"],
    ]
    assert [image.labeled.has_labels for image in surveyed.splits[0].images] == [True, False, True]
    assert [instance.class_index for _, _, instance in surveyed.instances()] == [0, 1, 1]


def test_sidecars_are_read_as_in_the_yolo_layout(root):
    write_sidecar(root, "a/1", {"R_gt": [1, 0, 0, 0, 1, 0, 0, 0, 1], "t_gt": [0, 0, 1], "K_gt": [100, 100, 32, 24]})
    assert index_at(root, "train").num_poses == 1


def test_stray_labels_are_told_in_directories_and_not_beside_lists(root):
    write_file(root / "labels/b/9.txt", "")
    assert found(check_of(root / "data.yaml", "train"), root) == [
        "label_without_image labels/b/9.txt: no image has its name"
    ]
    assert found(check_of(root / "data.yaml", "val"), root) == []


def test_a_listed_image_that_is_gone_is_a_finding(root):
    write_file(root / "val.txt", "./images/b/3.png\n./images/b/4.png\n")
    assert [rule for rule, _ in check_of(root / "data.yaml", "val").violations] == ["unreadable_image"]


def test_two_images_that_would_share_a_label_file_are_a_finding(root):
    write_image(root / "images/b/3.jpg", seed=9)
    assert [rule for rule, _ in check_of(root / "data.yaml", "train").violations] == ["same_stem"]


def test_a_folder_of_tar_files_and_a_list_of_what_lies_in_them_are_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_yolo(tmp_path, {"t/1": "0 .5 .5 .1 .1\n", "t/2": None, "t/3": "1 .5 .5 .1 .1\n"}, classes=None)
    pack_split(tmp_path, "t")
    write_file(tmp_path / "data.yaml", "train: images/t\nval: val.txt\nnames: {0: cat, 1: dog}\n")
    write_file(tmp_path / "val.txt", "./images/t/t-000001.tar/3.png\n")
    surveyed = survey_of(tmp_path / "data.yaml", "train", "val")
    assert [
        [(image.labeled.image, image.labeled.has_labels) for image in split.images] for split in surveyed.splits
    ] == [
        [
            ("images/t/t-000000.tar/1.png", True),
            ("images/t/t-000000.tar/2.png", False),
            ("images/t/t-000001.tar/3.png", True),
        ],
        [("images/t/t-000001.tar/3.png", True)],
    ]
