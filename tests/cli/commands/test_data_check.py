from __future__ import annotations

import json

import pytest

from tests.data.builders import write_file, write_yolo
from tests.data.posed import spoiled, write_posed
from yolozu.cli.app import main

SPLITS = ("train", "val", "other")


@pytest.fixture(autouse=True)
def _own_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


ENOUGH = "".join(f"{index} .{place}5 .{index + 2} .1 .1\n" for index in range(2) for place in range(10))
"""Ten objects of each class, of 6.4×4.8 px."""


def flawed(tmp_path):
    write_yolo(tmp_path / "set", {"train/a": ENOUGH, "train/b": "9 .5 .5 .1 .1\n", "val/c": ENOUGH})


def test_clean_data_passes_and_its_numbers_are_shown(tmp_path, capsys):
    write_yolo(tmp_path / "set", {"train/a": ENOUGH, "train/b": "0 .5 .5 .5 .8", "val/c": ENOUGH, "val/d": None})
    assert main(["data", "check", "set"]) == 0
    assert (
        capsys.readouterr().out
        == """\
split  images  with objects  no label file  copies  objects
train       2             2              0       0       21
val         2             1              1       0       20

class  objects  images  share  median box  small  medium  large
cat         21       3  51.2%       1.00%     20       1      0
dog         20       2  48.8%       1.00%     20       0      0

2 classes

nothing found
"""
    )


@pytest.mark.parametrize(
    ("empty", "words", "rule"),
    [
        ("val", [], "no_objects_to_validate"),
        ("train", [], "no_objects_to_train"),
        ("train", ["--split", "train"], "no_objects_to_train"),
        ("val", ["--split", "val"], "no_objects_to_validate"),
        ("val", ["--split", "val", "--split", "other"], "no_objects_to_train"),
    ],
)
def test_a_split_without_objects_is_told_by_what_it_is_for(tmp_path, capsys, empty, words, rule):
    write_yolo(tmp_path / "set", {f"{name}/a": None if name == empty else "0 .5 .5 .1 .1" for name in SPLITS})
    assert main(["data", "check", "set", *words]) == (1 if rule == "no_objects_to_train" else 0)
    assert f": 1 × {rule}" in capsys.readouterr().out


def test_findings_are_listed_by_rule_and_errors_fail(tmp_path, capsys):
    flawed(tmp_path)
    write_file(tmp_path / "set/labels/val/c.txt", f"{ENOUGH}0 .5 .8 .9 .01\n")
    assert main(["data", "check", "set"]) == 1
    assert (
        capsys.readouterr().out.partition("\n2 classes\n")[2]
        == """\

YZ225 class_out_of_range: 1 error
  fix: correct the label, or name the class
  set/labels/train/b.txt:1: class 9 is outside 0 to 1

YZ271 extreme_aspect_ratio: 1 warning
  fix: draw the box anew if it is a slip; leave it if the object is that long
  set/labels/val/c.txt:21: box of 57.6×0.48 px is 120 times as long as wide

1 error, 1 warning: 1 × class_out_of_range, 1 × extreme_aspect_ratio
"""
    )


def test_warnings_alone_pass(tmp_path, capsys):
    write_yolo(tmp_path / "set", {"train/a": f"{ENOUGH}0 .5 .8 .9 .01\n"})
    assert main(["data", "check", "set"]) == 0
    assert capsys.readouterr().out.endswith("\n1 warning: 1 × extreme_aspect_ratio\n")


def test_boxes_are_held_against_the_size_that_is_asked_for(tmp_path, capsys):
    write_yolo(tmp_path / "set", {"train/a": f"{ENOUGH}0 .5 .8 .1 .03\n"})
    assert main(["data", "check", "set", "--image-size", "32"]) == 0
    assert "set/labels/train/a.txt:21: box is 3.2×0.72 px at an image_size of 32\n" in capsys.readouterr().out
    assert main(["data", "check", "set"]) == 0
    assert capsys.readouterr().out.endswith("nothing found\n")


@pytest.mark.parametrize("policy", ["warn", "drop"])
def test_warn_and_drop_pass_and_say_what_they_leave_out(tmp_path, capsys, policy):
    flawed(tmp_path)
    assert main(["data", "check", "set", "--policy", policy]) == 0
    assert capsys.readouterr().out.endswith("train: 0 images and 1 object would be left out\n")


def test_long_lists_are_cut_unless_all_is_asked_for(tmp_path, capsys):
    names = "".join(f"class{number}\n" for number in range(22))
    write_yolo(tmp_path / "set", {"train/a": "".join(f"99 .5 .5 .1 .{n:02d}\n" for n in range(1, 31))}, names)
    assert main(["data", "check", "set"]) == 1
    text = capsys.readouterr().out
    assert "  … and 25 more; --all lists them\n" in text
    assert "\n… and 2 more classes; --all lists them\n" in text
    assert main(["data", "check", "set", "--all"]) == 1
    text = capsys.readouterr().out
    assert "--all" not in text
    assert (text.count("class 99 is outside"), text.count("\nclass2")) == (30, 3)


def test_the_report_goes_where_it_is_asked_for(tmp_path, capsys):
    write_yolo(tmp_path / "set", {"train/a": "0 .5 .5 .1 .1", "val/b": "9 .5 .5 .1 .1"})
    assert main(["data", "check", "set", "--output", "report.json", "--json"]) == 1
    streams = capsys.readouterr()
    report = json.loads(streams.out)
    assert json.loads((tmp_path / "report.json").read_text()) == report
    assert streams.err.endswith("report: report.json\n")
    assert (report["passed"], report["schema_version"]) == (False, 1)
    assert [(row["code"], row["severity"]) for row in report["findings"]] == [
        ("YZ225", "error"), ("YZ216", "warning"), ("YZ218", "warning"),
    ]  # fmt: skip
    assert report["counts"]["few_objects"] == {"train": 1}
    assert report["splits"]["train"]["near_duplicates"] == 0
    assert report["statistics"]["classes"][0] == {
        "name": "cat", "objects": {"train": 1, "val": 0}, "images": 1, "share": 1.0, "median_box": pytest.approx(0.01),
        "small": 1, "medium": 0, "large": 0,
    }  # fmt: skip


def test_a_report_that_cannot_be_written_is_refused_before_the_work(tmp_path, capsys):
    assert main(["data", "check", "nowhere", "--output", "."]) == 2
    assert "--output" in capsys.readouterr().err


def test_a_mistake_behind_many_findings_is_explained_once_in_lines_that_fit(tmp_path, capsys):
    clean = write_posed(tmp_path / "clean", images=12)
    spoiled(clean, tmp_path / "set", lambda row: row.update(t_gt=[1000 * value for value in row["t_gt"]]))
    assert main(["data", "check", "set"]) == 1
    text = capsys.readouterr().out
    assert "YZ235 pose_off_box: " in text
    assert "\n  fix: t_gt is in mm, not in m: divide it by 1000 (" in text
    assert text.partition("pose_off_box")[2].partition("\n\n")[0].count("fix:") == 1
    assert max(len(line) for line in text.splitlines()) <= 80


def test_a_missing_split_is_a_mistake_of_the_command(tmp_path, capsys):
    flawed(tmp_path)
    assert main(["data", "check", "set", "--split", "test"]) == 2
    assert capsys.readouterr().err == "set: YZ202 has no split 'test'\n  fix: choose one of: train, val\n"


def test_findings_are_drawn_where_that_is_asked_for(tmp_path, capsys):
    flawed(tmp_path)
    assert main(["data", "check", "set", "--sheet", "findings.jpg"]) == 1
    assert capsys.readouterr().err.endswith("sheet: findings.jpg, 1 of 1 findings that have a picture\n")
    assert (tmp_path / "findings.jpg").is_file()
    assert main(["data", "check", "set", "--sheet", "findings.jpg"]) == 2
    assert capsys.readouterr().err.startswith("findings.jpg: YZ905 is there already\n")
    write_yolo(tmp_path / "clean", {"train/a": ENOUGH})
    assert main(["data", "check", "clean", "--sheet", "none.jpg"]) == 0
    assert capsys.readouterr().err.endswith("no sheet: no findings that have a picture\n")
