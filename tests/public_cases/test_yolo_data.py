"""Data sets in YOLO's layout and Ultralytics' words, as people brought them to other projects."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.data.builders import check_of, found, survey_of, write_file, write_yolo
from yolozu.cli.app import main
from yolozu.errors import InputError

BOX = "0 .5 .5 .4 .4"


def objects(surveyed):
    return {split.name: sum(len(image.labeled.instances) for image in split.images) for split in surveyed.splits}


# ultralytics/ultralytics#16911: relative paths in data.yaml are looked up somewhere else
@pytest.mark.parametrize("listed", [False, True])
def test_a_data_yaml_means_the_same_however_it_is_addressed(tmp_path, monkeypatch, listed):
    root = write_yolo(tmp_path / "set", {"train/1": BOX, "val/2": BOX}, classes=None)
    for split in ("train", "val"):
        write_file(
            root / f"{split}.txt", "".join(f"./images/{split}/{n}.png\n" for n in (1, 2) if n == 1 + (split == "val"))
        )
    train, val = ("train.txt", "val.txt") if listed else ("images/train", "images/val")
    write_file(root / "data.yaml", f"path:\ntrain: {train}\nval: {val}\nnames: {{0: part}}\n")
    (root / "mine.yaml").write_bytes((root / "data.yaml").read_bytes())
    monkeypatch.chdir(root)
    roots = [root, ".", "data.yaml", "./data.yaml", root / "data.yaml", "../set", "mine.yaml", "images/../data.yaml"]
    for spelled in roots:
        surveyed = survey_of(Path(spelled), "train", "val")
        assert objects(surveyed) == {"train": 1, "val": 1}
        assert [image.labeled.image for _, image in surveyed.images()] == ["images/train/1.png", "images/val/2.png"]


# ultralytics/yolov5#805 shows coco128.yaml, where train and val are one folder
def test_one_folder_for_both_splits_is_legal(tmp_path):
    root = write_yolo(tmp_path, {"train2017/1": BOX}, classes=None)
    write_file(root / "coco128.yaml", "train: images/train2017\nval: images/train2017\nnames: [person]\n")
    assert found(check_of(root / "coco128.yaml"), root) == []


# AlexeyAB/darknet#1348, pjreddie/darknet#1735: a number of classes that is not that of the names
def test_nc_is_held_against_the_names(tmp_path):
    root = write_yolo(tmp_path, {"train/1": BOX}, classes=None)
    write_file(root / "data.yaml", "train: images/train\nval: images/train\nnc: 1\nnames: [a, b]\n")
    with pytest.raises(InputError, match=r"nc: YZ204 is 1, but 2 classes are named"):
        check_of(root)
    write_file(root / "data.yaml", "train: images/train\nval: images/train\nnc: 5\n")
    assert len(check_of(root).survey.classes) == 5


# ultralytics/ultralytics#1970: labels of YOLOv8-pose are a box and keypoints
def test_keypoints_behind_a_box_are_no_polygon(tmp_path):
    root = write_yolo(tmp_path, {"train/1": "0 .5 .5 .4 .4 .35 .35 .65 .35 .5 .6"}, classes=None)
    write_file(root / "data.yaml", "train: images/train\nval: images/train\nkpt_shape: [3, 2]\nnames: [part]\n")
    checked = check_of(root, "train")
    assert found(checked, root) == []
    assert [instance.box_cxcywh for _, _, instance in checked.survey.instances()] == [(0.5, 0.5, 0.4, 0.4)]


# roboflow/supervision#2580: numpy.savetxt writes classes as 1.000000e+00
def test_a_class_may_be_written_as_a_float(tmp_path):
    root = write_yolo(tmp_path, {"train/1": "1.000000000000000000e+00 .5 .5 .4 .4"})
    checked = check_of(root)
    assert (found(checked, root), [i.class_index for _, _, i in checked.survey.instances()]) == ([], [1])


# ultralytics/yolov5#12094 asks to look at the ending of label files
def test_label_files_may_end_in_capitals(tmp_path):
    root = write_yolo(tmp_path, {"train/1": None})
    write_file(root / "labels/train/1.TXT", BOX)
    assert objects(survey_of(root)) == {"train": 1}


# mrmlnc/fast-glob#74: links that lead back
def test_a_folder_that_links_lead_back_to_counts_once(tmp_path):
    root = write_yolo(tmp_path, {"train/sub/1": BOX})
    (root / "images/train/sub/up").symlink_to(root / "images/train")
    (root / "images/train/again").symlink_to(root / "images/train/sub")
    assert [image.labeled.image for _, image in survey_of(root).images()] == ["images/train/sub/1.png"]


# ultralytics/yolov5#2446: images of other kinds vanish
def test_files_that_are_no_images_here_are_counted(tmp_path):
    root = write_yolo(tmp_path, {"train/1": BOX})
    write_file(root / "images/train/2.MPO", "")
    assert survey_of(root).notes == (
        f"train: {root}/images/train: ignored, because no image that is read here: 1 .mpo",
    )


# ultralytics/yolov3#1024, ultralytics/yolov5#11131, gjhhust/YOLOFT#12: labels are not found where they are expected
@pytest.mark.parametrize(("empty", "rule"), [("train", "no_objects_to_train"), ("val", "no_objects_to_validate")])
def test_labels_that_were_forgotten_are_missed(tmp_path, capsys, empty, rule):
    root = write_yolo(tmp_path, {f"{split}/1": None if split == empty else BOX for split in ("train", "val")})
    assert main(["data", "check", str(root)]) == (1 if empty == "train" else 0)
    assert f": 1 × {rule}, " in capsys.readouterr().out


# NVlabs/Deep_Object_Pose#264: JSON files of NDDS
def test_json_files_of_ndds_are_said_to_be_ignored(tmp_path):
    root = write_yolo(tmp_path, {"train/1": BOX})
    write_file(root / "labels/train/1.json", '{"camera_data": {}, "objects": []}')
    assert survey_of(root).notes == (
        f"train: 1 JSON file beside labels, such as {root}/labels/train/1.json: no pose sidecar",
    )


# WongKinYiu/yolor#93, ultralytics/yolov3#569: labels in px, or in corners
@pytest.mark.parametrize(("line", "name"), [("0 32 24 20 16", "px"), ("0 .3 .3 .9 .8", "two corners x1 y1 x2 y2")])
def test_labels_that_are_no_fractions_of_center_and_size_are_named(tmp_path, line, name):
    root = write_yolo(tmp_path, {"train/1": line})
    (finding,) = found(check_of(root), root)
    assert finding.endswith(f"of its side: it seems to be in {name}")


# roboflow/supervision#2580 and others: one damaged number must not end the check
def test_a_huge_number_is_a_finding(tmp_path, capsys):
    root = write_yolo(tmp_path, {"train/1": "0 1e305 .5 .2 .2"})
    assert main(["data", "check", str(root)]) == 1
    assert "labels/train/1.txt:1: 1e+305 is far outside" in " ".join(capsys.readouterr().out.split())


# ahupp/python-magic#144: names that came out of an archive in another encoding
def test_a_name_that_is_no_utf_8_is_a_finding(tmp_path, capsys):
    root = write_yolo(tmp_path, {f"train/{os.fsdecode(b'caf' + bytes([0xE9]))}": BOX})
    assert main(["data", "check", str(root)]) == 1
    assert r"images/train/caf\xe9.png" in capsys.readouterr().out
