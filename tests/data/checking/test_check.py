from __future__ import annotations

import json

import pytest

from tests.data.builders import check_of, write_bop, write_file, write_yolo

BAD = "0 .5 .5 .2 .2\n9 .5 .5 .1 .1\n0 .99 .5 .2 .2\nnonsense\n"


def flawed(root):
    write_yolo(root, {"train/a": BAD, "train/c": None, "val/d": "1 .5 .5 .1 .1"})
    write_file(root / "images/train/b.png", "no image")
    return root


def used(checked, policy):
    return [
        (image.labeled.path.name, [instance.class_index for instance in image.labeled.instances])
        for image in checked.usable(checked.survey.splits[0], policy)
    ]


def test_warn_leaves_out_only_what_cannot_be_used_at_all(tmp_path):
    assert used(check_of(flawed(tmp_path)), "warn") == [("a.png", [0, 0]), ("c.png", [])]


def test_drop_leaves_out_whatever_was_found_wanting(tmp_path):
    assert used(check_of(flawed(tmp_path)), "drop") == [("a.png", [0]), ("c.png", [])]


def test_a_diameter_alone_is_no_model(tmp_path):
    checked = check_of(write_bop(tmp_path, {}))
    assert (checked.num_models, checked.report("warn")["models"]) == (2, 2)
    (tmp_path / "models/obj_000003.ply").unlink()
    assert len(check_of(tmp_path).survey.classes) == 2
    assert check_of(tmp_path).num_models == 1


def test_the_report_counts_by_rule_and_split(tmp_path):
    report = json.loads(json.dumps(check_of(flawed(tmp_path)).report("drop", dataset_root="set")))
    assert report["counts"] == {
        "unreadable_image": {"train": 1},
        "malformed_label": {"train": 1},
        "class_out_of_range": {"train": 1},
        "box_outside_image": {"train": 1},
    }
    assert report["splits"]["train"] == {
        "images": 3,
        "images_used": 2,
        "images_without_labels": 2,
        "images_repeated": 0,
        "instances": 3,
        "instances_used": 1,
        "instances_with_pose": 0,
        "images_with_camera": 0,
        "crowd_regions": 0,
    }
    assert (report["dataset_root"], report["policy"], report["passed"], report["classes"]) == ("set", "drop", True, 2)
    assert report["findings"][1] == {
        "rule": "malformed_label",
        "code": "YZ223",
        "severity": "error",
        "split": "train",
        "image": "images/train/a.png",
        "where": f"{tmp_path}/labels/train/a.txt:4",
        "problem": "1 values; a box has 5, a polygon 7, 9, 11, …",
        "hint": "write 'class cx cy w h', or a polygon, in fractions of the image",
    }


def test_only_fail_does_not_pass(tmp_path):
    checked = check_of(flawed(tmp_path))
    assert [checked.report(policy)["passed"] for policy in ("fail", "warn", "drop")] == [False, True, True]


def test_the_refusal_names_the_first_findings_and_counts_the_rest(tmp_path):
    root = write_yolo(tmp_path, {"train/a": "9 .5 .5 .1 .1\n" * 2 + "0 .5 .5 0 0\n" * 30})
    error = check_of(root).refusal("look there")
    assert error.exit_code == 1
    assert len(error.findings) == 21
    assert error.findings[0].render() == (
        f"{root}/labels/train/a.txt:1: YZ225 class 9 is outside 0 to 1\n  fix: correct the label, or name the class"
    )
    assert error.findings[-1].render() == (
        f"{root}: YZ210 and 42 more findings: 2 × class_out_of_range, 30 × degenerate_box, 30 × duplicate_instance\n"
        "  fix: look there"
    )


@pytest.mark.slow
def test_real_data_is_clean_but_for_two_labels_without_images(real_data):
    checked = check_of(real_data / "coco128", "train2017", "val2017")
    assert checked.clean
    assert checked.summary() == "2 × label_without_image"
