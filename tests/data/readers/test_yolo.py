from __future__ import annotations

from tests.data.builders import check_of, found, survey_of, write_file, write_yolo
from yolozu.data.labels import Defect
from yolozu.data.layouts.layout import find_layout
from yolozu.data.readers.yolo import YoloReader, read_label_file


def test_nested_folders_and_stray_labels(tmp_path):
    root = write_yolo(tmp_path, {"train/a/1": "0 .5 .5 .1 .1", "train/b/1": None})
    write_file(root / "labels/train/a/1.json", '{"K_gt": [100, 100, 32, 24]}')
    write_file(root / "labels/train/c/9.txt", "")
    write_file(root / "labels/train/classes.txt", "cat\n")
    layout = find_layout(root)
    labels = YoloReader(layout, layout.split("train")).read(None)
    assert [(entry.image, entry.has_labels, entry.camera is not None) for entry in labels.images] == [
        ("images/train/a/1.png", True, True),
        ("images/train/b/1.png", False, False),
    ]
    assert labels.stray == (Defect("label_without_image", f"{root}/labels/train/c/9.txt", "no image has its name"),)


def test_real_labels_are_all_understood(real_data):
    layout = find_layout(real_data / "coco128")
    labels = YoloReader(layout, layout.split("train2017")).read(None)
    assert len(labels.images) == 128
    assert sum(len(entry.instances) for entry in labels.images) == 929
    assert [defect for entry in labels.images for defect in entry.defects] == []


def test_endings_in_capitals_are_read(tmp_path):
    root = write_yolo(tmp_path, {"train/a": None})
    write_file(root / "labels/train/a.TXT", "1 .5 .5 .1 .1\n")
    write_file(root / "labels/train/a.Json", '{"K_gt": [100, 100, 32, 24]}')
    (image,) = survey_of(root).splits[0].images
    assert [instance.class_index for instance in image.labeled.instances] == [1]
    assert image.labeled.camera is not None


def test_two_label_files_of_one_image_are_a_finding(tmp_path):
    root = write_yolo(tmp_path, {"train/a": "0 .5 .5 .1 .1"})
    write_file(root / "labels/train/a.TXT", "1 .5 .5 .1 .1\n")
    assert found(check_of(root), root) == [
        "malformed_label labels/train/a.txt: belongs to the same image as labels/train/a.TXT, which is read"
    ]


def test_ignored_files_are_counted_by_ending(tmp_path):
    root = write_yolo(tmp_path, {"train/a": ""})
    for name in ("b.HEIC", "c.heic", "d.gif", "README"):
        write_file(root / f"images/train/{name}", "")
    (root / "labels/train/b.txt").symlink_to(tmp_path / "nowhere.txt")
    assert survey_of(root).notes == (
        f"train: {root}/images/train: ignored, because no image that is read here: 2 .heic, 1 without ending, 1 .gif",
        f"train: {root}/labels/train: ignored: 1 link(s) to nowhere",
    )


def test_json_files_of_other_tools_are_counted(tmp_path):
    root = write_yolo(tmp_path, {"train/a": "0 .5 .5 .1 .1", "train/b": "0 .5 .5 .1 .1"})
    for name in ("a", "b"):
        write_file(root / f"labels/train/{name}.json", '{"camera_data": {}, "objects": [{"class": "cat"}]}')
    assert survey_of(root).notes == (
        f"train: 2 JSON files beside labels, such as {root}/labels/train/a.json: no pose sidecar",
    )


def test_a_label_file_may_be_read_alone(tmp_path):
    path = write_file(tmp_path / "labels/7.txt", "0 .5 .5 .4 .4 .35 .35 .65 .35 .5 .6\n")
    write_file(tmp_path / "data.yaml", "kpt_shape: [3, 2]\n")
    (instance,) = read_label_file(path)
    assert instance.box_cxcywh == (0.5, 0.5, 0.4, 0.4)
