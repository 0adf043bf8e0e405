"""Boxes of images of 64×48 px that are most likely slips."""

from tests.data.builders import write_image, write_yolo
from tests.data.checking.doubtful import doubted, looked_at


def doubts_of(tmp_path, name, *lines, **options):
    return doubted(name, looked_at(write_yolo(tmp_path / "set", {"train/a": "\n".join(lines)}), **options))


def test_a_box_is_held_against_a_pixel_of_the_letterboxed_input(tmp_path):
    lines = ["0 .5 .5 .4 .014", "1 .5 .5 .4 .0155", "0 .5 .5 .014 .4"]  # 0.67, 0.74 and 0.9 px of 48, 48 and 64
    assert doubts_of(tmp_path, "box_below_a_pixel", *lines, image_size=64) == [
        "labels/train/a.txt:1: box is 25.6×0.672 px at an image_size of 64",
        "labels/train/a.txt:2: box is 25.6×0.744 px at an image_size of 64",
        "labels/train/a.txt:3: box is 0.896×19.2 px at an image_size of 64",
    ]
    assert doubts_of(tmp_path, "box_below_a_pixel", *lines) == []


def test_a_box_of_20_times_its_width_is_doubted_in_either_direction(tmp_path):
    assert doubts_of(tmp_path, "extreme_aspect_ratio", "0 .5 .5 .9 .05", "0 .5 .5 .032 .9", "0 .5 .5 1 .07") == [
        "labels/train/a.txt:1: box of 57.6×2.4 px is 24 times as long as wide",
        "labels/train/a.txt:2: box of 2.05×43.2 px is 21 times as long as wide",
    ]


def test_boxes_of_the_whole_picture_are_doubted_where_there_are_many(tmp_path):
    root = write_yolo(tmp_path / "set", {f"train/{number}": "0 .5 .5 1 .99" for number in range(5)})
    many = "labels/train/0.txt:1: box covers the whole picture, as do 5 of the 5 boxes of this split"
    assert doubted("whole_image_boxes", looked_at(root)) == [many]
    write_yolo(tmp_path / "few", {f"train/{number}": "0 .5 .5 1 .99" for number in range(4)})
    assert doubted("whole_image_boxes", looked_at(tmp_path / "few")) == []
    write_yolo(root, {"train/z": "\n".join(f"0 .5 .5 .1 .{number}" for number in range(10, 31))})
    assert doubted("whole_image_boxes", looked_at(root)) == []


def test_two_boxes_of_one_class_that_cover_nearly_the_same_are_doubted(tmp_path):
    lines = ["0 .5 .5 .4 .4", "1 .5 .5 .4 .4", "0 .5 .5 .4 .41", "0 .5 .5 .4 .4", "0 .5 .5 .4 .45", "1 .2 .2 .1 .1"]
    assert doubts_of(tmp_path, "overlapping_boxes", *lines) == [
        "labels/train/a.txt:3: box covers nearly the same as labels/train/a.txt:1 (IoU 0.98), and both are 'cat'",
        "labels/train/a.txt:4: box covers nearly the same as labels/train/a.txt:3 (IoU 0.98), and both are 'cat'",
    ]


def test_boxes_of_two_pictures_are_never_one(tmp_path):
    root = write_yolo(tmp_path / "set", {"train/a": "0 .5 .5 .4 .4", "train/b": "0 .5 .5 .4 .401"})
    assert doubted("overlapping_boxes", looked_at(root)) == []


def test_what_is_no_box_or_cannot_be_seen_is_left_to_the_rules(tmp_path):
    lines = ["0 .5 .5 0 .4", "0 .5 .5 nan .4", "9 .5 .5 .001 .9", "0 .5 .5 -.1 .1"]
    root = write_yolo(tmp_path / "set", {"train/a": "\n".join(lines), "train/b": "0 .5 .5 .9 .001"})
    (root / "images/train/b.png").write_bytes(b"")
    write_image(root / "images/train/c.png", seed=7)
    for name in ("box_below_a_pixel", "extreme_aspect_ratio", "whole_image_boxes", "overlapping_boxes"):
        assert doubted(name, looked_at(root)) == []
