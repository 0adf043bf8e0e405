"""Pictures in two splits at once, and pictures of a size that nobody means."""

import shutil

import pytest

from tests.data.builders import write_coco, write_file, write_image, write_yolo
from tests.data.checking.doubtful import doubted, looked_at
from yolozu.data.checking import picture_doubts

NAMES = ("train/a", "train/b", "val/c", "val/d", "test/e")


def of(tmp_path, *alike, same_file=None):
    root = write_yolo(tmp_path / "set", dict.fromkeys(NAMES, "0 .5 .5 .2 .2"))
    if same_file is not None:
        shutil.copyfile(root / f"images/{same_file[0]}.png", root / f"images/{same_file[1]}.png")
    looked = looked_at(root, alike=[list(group) for group in alike])
    root_ = f"{looked.survey.layout.root}/"
    return [line.replace(root_, "") for line in doubted("near_duplicate", looked)]


def test_a_photo_in_two_splits_is_told_once_for_each_that_is_trained_on(tmp_path):
    assert of(tmp_path, ("train/a", "train/b", "val/c")) == [
        "images/train/a.png: is nearly the same picture as images/val/c.png in split 'val'",
        "images/train/b.png: is nearly the same picture as images/val/c.png in split 'val'",
    ]


def test_several_copies_are_counted(tmp_path):
    assert of(tmp_path, ("train/a", "val/c", "val/d")) == [
        "images/train/a.png: is nearly the same picture as images/val/c.png in split 'val' and 1 more",
    ]


def test_it_is_told_of_the_split_that_is_trained_on_wherever_that_stands(tmp_path):
    assert of(tmp_path, ("test/e", "train/a", "val/c")) == [
        "images/train/a.png: is nearly the same picture as images/test/e.png in split 'test' and 1 more",
        "images/test/e.png: is nearly the same picture as images/val/c.png in split 'val'",
    ]


def test_copies_within_a_split_leak_nothing(tmp_path):
    assert of(tmp_path, ("train/a", "train/b"), ("val/c", "val/d")) == []


def test_the_same_file_in_two_splits_is_left_to_the_rule_of_leakage(tmp_path):
    assert of(tmp_path, ("train/a", "val/c"), same_file=("train/a", "val/c")) == []


@pytest.mark.parametrize(
    ("width", "height", "said"),
    [
        (31, 200, "has 31×200 px: there is little to see in it"),
        (40, 360, "has 40×360 px: at an image_size of 640, 89% of the network input is border"),
        (200, 150, "has 200×150 px: at an image_size of 640, one px of the network's is 0.312 of its own"),
        (100, 100, None),
        (32, 256, None),
    ],
)
def test_tiny_elongated_and_gigantic_pictures(tmp_path, monkeypatch, width, height, said):
    monkeypatch.setattr(picture_doubts, "GIGANTIC_PX2", 20_000)
    root = write_yolo(tmp_path / "set", {"train/a": "0 .5 .5 .2 .2"})
    write_image(root / "images/train/a.png", width, height)
    expected = [] if said is None else [f"images/train/a.png: {said}"]
    assert doubted("unusual_image_size", looked_at(root)) == expected


def test_files_that_a_coco_file_does_not_list_are_counted_by_ending(tmp_path):
    root = write_coco(tmp_path / "set", [{"id": 1, "image_id": 20, "category_id": 3, "bbox": [0, 0, 20, 10]}])
    assert doubted("unlisted_files", looked_at(root)) == []
    for name in ("c.png", "deeper/d.PNG", "e.jpg"):
        write_image(root / "pictures" / name)
    write_file(root / "pictures/f.heic", "")
    write_file(root / "pictures/notes.txt", "")
    assert doubted("unlisted_files", looked_at(root)) == [
        "pictures: no split that was looked at lists 2 .png, 1 .jpg, 1 .heic"
    ]
