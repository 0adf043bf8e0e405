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


def flawed(tmp_path):
    write_yolo(tmp_path / "set", {"train/a": "0 .5 .5 .1 .1\n", "train/b": "9 .5 .5 .1 .1\n", "val/c": None})


def test_clean_data_passes(tmp_path, capsys):
    write_yolo(tmp_path / "set", {"train/a": "0 .5 .5 .1 .1\n", "val/c": "0 .5 .5 .1 .1\n", "val/d": None})
    assert main(["data", "check", "set"]) == 0
    assert capsys.readouterr().out == (
        "train: 1 image, 1 object\nval: 2 images (1 without labels), 1 object\n2 classes\nnothing found\n"
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
    assert f": 1 × {rule}\n" in capsys.readouterr().out


def test_findings_are_listed_by_rule_and_fail(tmp_path, capsys):
    flawed(tmp_path)
    assert main(["data", "check", "set", "--split", "train"]) == 1
    assert capsys.readouterr().out == (
        "train: 2 images, 2 objects\n"
        "2 classes\n"
        "\n"
        "YZ225 class_out_of_range: 1\n"
        "  fix: correct the label, or name the class\n"
        "  set/labels/train/b.txt:1: class 9 is outside 0 to 1\n"
        "\n"
        "1 finding: 1 × class_out_of_range\n"
    )


@pytest.mark.parametrize("policy", ["warn", "drop"])
def test_warn_and_drop_pass_and_say_what_they_leave_out(tmp_path, capsys, policy):
    flawed(tmp_path)
    assert main(["data", "check", "set", "--policy", policy]) == 0
    assert capsys.readouterr().out.endswith("train: 0 images and 1 object would be left out\n")


def test_long_lists_are_cut_and_json_holds_all(tmp_path, capsys):
    write_yolo(tmp_path / "set", {"train/a": "".join(f"9 .5 .5 .1 .{n:02d}\n" for n in range(1, 31))})
    assert main(["data", "check", "set"]) == 1
    assert "  … and 10 more; --json lists all\n" in capsys.readouterr().out
    assert main(["data", "check", "set", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (len(report["findings"]), report["passed"]) == (30, False)


def test_a_mistake_behind_many_findings_is_explained_once_in_lines_that_fit(tmp_path, capsys):
    clean = write_posed(tmp_path / "clean", images=12)
    spoiled(clean, tmp_path / "set", lambda row: row.update(t_gt=[1000 * value for value in row["t_gt"]]))
    assert main(["data", "check", "set"]) == 1
    text = capsys.readouterr().out
    assert "YZ235 pose_off_box: " in text
    assert "\n  fix: t_gt is in mm, not in m: divide it by 1000 (" in text
    assert text.count("fix:") == 1
    assert max(len(line) for line in text.splitlines()) <= 80


def test_a_missing_split_is_a_mistake_of_the_command(tmp_path, capsys):
    flawed(tmp_path)
    assert main(["data", "check", "set", "--split", "test"]) == 2
    assert capsys.readouterr().err == "set: YZ202 has no split 'test'\n  fix: choose one of: train, val\n"


def test_scenes_are_rendered_into_a_new_directory_only(tmp_path, capsys):
    command = ["data", "synth", "out", "--images", "2", "--val-images", "1", "--size", "64", "--seed", "3"]
    assert main(command) == 0
    assert capsys.readouterr().out == "out: 2 training and 1 held-out images of 64 px\n"
    assert sorted(path.name for path in (tmp_path / "out/images/train").iterdir()) == ["000000.png", "000001.png"]
    assert main(["data", "check", "out"]) == 0
    assert main(command) == 2
    write_file(tmp_path / "file", "")
    assert main(["data", "synth", "file"]) == 2
