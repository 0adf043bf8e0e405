"""Findings as pictures."""

import numpy as np
from PIL import Image

from tests.data.builders import write_image, write_yolo
from tests.data.checking.doubtful import looked_at
from yolozu.data.checking.doubts import doubts_about
from yolozu.data.checking.sheet import (
    COLUMNS,
    HEADING,
    HEIGHT,
    LINE,
    MARGIN,
    WIDTH,
    Section,
    can_be_shown,
    findings_sheet,
)
from yolozu.data.checking.violations import Violation
from yolozu.data.thumbnails import MARKED


def doubts_at(root, **options):
    return [violation for _, violation in doubts_about(looked_at(root, **options)) if can_be_shown(violation)]


def test_each_finding_has_its_picture_with_the_box_in_red(tmp_path):
    lines = "".join(f"0 .5 .{place} .9 .02\n" for place in range(1, 6))
    violations = doubts_at(write_yolo(tmp_path / "set", {"train/a": lines}))
    sheet = findings_sheet([Section("YZ271 extreme_aspect_ratio: 5", "YZ271", violations)])
    # five in two rows; 64×48 px become 267×200, and place and problem take two lines below
    assert sheet.size == (COLUMNS * (WIDTH + MARGIN) + MARGIN, MARGIN + HEADING + 2 * (HEIGHT + 2 * LINE + 2 * MARGIN))
    marked = (np.asarray(sheet) == MARKED).all(axis=2)
    assert [marked[:, MARGIN + n * (WIDTH + MARGIN) :][:, :267].any() for n in range(COLUMNS)] == [True] * COLUMNS
    second_row = marked[MARGIN + HEADING + HEIGHT + 2 * LINE + 2 * MARGIN :]
    assert (second_row[:, : MARGIN + WIDTH].any(), second_row[:, MARGIN + WIDTH :].any()) == (True, False)


def test_two_pictures_that_are_one_photo_stand_side_by_side(tmp_path):
    root = write_yolo(tmp_path / "set", {"train/a": "0 .5 .5 .5 .5", "val/b": "0 .5 .5 .5 .5"})
    for name, color in (("train/a", (0, 200, 0)), ("val/b", (0, 0, 200))):
        Image.new("RGB", (100, 100), color).save(root / f"images/{name}.png")
    sheet = np.asarray(findings_sheet([Section("", "YZ214", doubts_at(root, alike=[["train/a", "val/b"]]))]))
    middle = MARGIN + HEADING + 70
    assert sheet[middle, MARGIN + 70].tolist() == [0, 200, 0]
    assert sheet[middle, MARGIN + WIDTH // 2 + 70].tolist() == [0, 0, 200]


def test_long_names_and_problems_are_cut_to_the_width_of_a_picture(tmp_path):
    write_image(tmp_path / "set/images/train" / f"{'x' * 120}.png", seed=3)
    looked = looked_at(write_yolo(tmp_path / "set", {f"train/{'x' * 120}": "0 .5 .5 .2 .2"}))
    split, image = next(looked.survey.images())
    violation = Violation(split.name, image, str(image.labeled.path), "word " * 200, whole_image=True)
    sheet = findings_sheet([Section("", "YZ999", [violation])])
    assert sheet.height == MARGIN + HEADING + HEIGHT + 4 * LINE + 2 * MARGIN
    right_of_it = np.asarray(sheet)[:, MARGIN + WIDTH + MARGIN // 2 :]
    assert (right_of_it == 255).all()


def test_what_has_no_picture_is_not_shown(tmp_path):
    root = write_yolo(tmp_path / "set", {"train/a": ""})
    (root / "images/train/a.png").write_bytes(b"")
    _, image = next(looked_at(root).survey.images())
    assert not can_be_shown(Violation("train", None, "classes.txt", "unused"))
    assert not can_be_shown(Violation("train", image, "a.png", "cannot be read"))
