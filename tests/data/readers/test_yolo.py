from __future__ import annotations

from tests.data.builders import check_of, found, survey_of, write_file, write_yolo
from tests.data.tars import pack_split, write_tar
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


def test_pictures_in_tar_files_have_their_labels_and_sidecars_beside_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = write_yolo(tmp_path, {"train/1": "0 .5 .5 .1 .1\n9 .5 .5", "train/2": None, "train/3": "1 .5 .5 .2 .2"})
    write_file(root / "labels/train/1.json", '{"K_gt": [100, 100, 32, 24]}')
    pack_split(root, "train")
    layout = find_layout(root)
    labels = YoloReader(layout, layout.split("train")).read(None)
    assert [(entry.image, entry.has_labels, entry.camera is not None) for entry in labels.images] == [
        ("images/train/train-000000.tar/1.png", True, True),
        ("images/train/train-000000.tar/2.png", False, False),
        ("images/train/train-000001.tar/3.png", True, False),
    ]
    assert labels.images[0].defects[0].where == f"{root}/images/train/train-000000.tar/1.txt:2"
    assert (labels.stray, labels.notes) == ((), ())


def test_labels_of_pictures_in_tar_files_may_lie_in_folders_called_like_these(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = write_yolo(tmp_path, {"train/1": None})
    pack_split(root, "train", shards=1)
    write_file(root / "labels/train/train-000000.tar/1.txt", "0 .5 .5 .1 .1")
    layout = find_layout(root)
    (image,) = YoloReader(layout, layout.split("train")).read(None).images
    assert image.has_labels


def test_what_lies_in_a_tar_file_and_is_read_by_nothing_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = write_yolo(tmp_path, {})
    write_tar(root / "images/train/t.tar", {"1.png": b"", "1.seg.png": b"", "1.cls": b""})
    layout = find_layout(root)
    labels = YoloReader(layout, layout.split("train")).read(None)
    folder = root / "images/train"
    assert labels.notes == (f"{folder}: ignored, because no image that is read here: 1 .cls, 1 .seg.png",)
