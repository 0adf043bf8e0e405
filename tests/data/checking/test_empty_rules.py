from __future__ import annotations

from dataclasses import replace

from tests.data.builders import found, survey_of, write_coco, write_file, write_yolo
from yolozu.data.checking.check import check


def check_as(root, training=(), validation=(), data=None):
    surveyed = survey_of(data or root)
    return check(replace(surveyed, training=frozenset(training), validation=frozenset(validation)))


def test_a_training_split_without_objects_is_an_error_that_says_where_labels_are_looked_for(tmp_path):
    root = write_yolo(tmp_path, {"train/a": None, "train/b": None, "val/c": "0 .5 .5 .1 .1"})
    write_file(root / "labels/train/z.txt", "0 .5 .5 .1 .1")
    checked = check_as(root, ["train"], ["val"])
    assert found(checked, root) == [
        "no_objects_to_train labels/train: no image of split 'train' has an object: 0 of 2 have labels, "
        "1 label files belong to none of them",
        "label_without_image labels/train/z.txt: no image has its name",
    ]
    assert not checked.clean
    assert checked.findings()[0].fix == (
        f"the labels of {root}/images/train/a.png are looked for in {root}/labels/train/a.txt"
    )


def test_a_validation_split_without_objects_is_a_warning_that_is_spelled_out(tmp_path):
    root = write_yolo(tmp_path, {"train/a": "0 .5 .5 .1 .1", "val/b": "", "val/c": None})
    checked = check_as(root, ["train"], ["val"])
    assert found(checked, root) == [
        "no_objects_to_validate labels/val: no image of split 'val' has an object: 1 of 2 have labels"
    ]
    assert checked.clean
    assert [finding.fix for finding in checked.loud] == ["label its objects, or name another split"]


def test_pictures_without_labels_may_be_predicted(tmp_path):
    root = write_yolo(tmp_path, {"mine/a": None})
    assert found(check_as(root), root) == []


def test_crowds_are_no_objects(tmp_path):
    crowd = {"image_id": 10, "category_id": 3, "bbox": [1, 1, 5, 5], "iscrowd": 1, "area": 25}
    root = write_coco(tmp_path, [crowd])
    checked = check_as(root, ["train"])
    assert [rule for rule, _ in checked.violations] == ["no_objects_to_train"]


def test_a_data_yaml_says_where_its_labels_are_looked_for(tmp_path):
    root = write_yolo(tmp_path, {"a/1": None}, classes=None)
    write_file(root / "data.yaml", "train: images/a\nnames: [cat]\n")
    checked = check_as(root, ["train"], data=root / "data.yaml")
    assert [finding.fix for finding in checked.findings()] == [
        f"the labels of {root}/images/a/1.png are looked for in {root}/labels/a/1.txt"
    ]


def test_labels_of_which_none_is_an_object_are_to_be_mended(tmp_path):
    root = write_yolo(tmp_path, {"train/a": "0 .5 .5\n0 .5\n"})
    checked = check_as(root, ["train"])
    assert checked.findings()[0].problem == (
        "no image of split 'train' has an object: 1 of 1 have labels, 2 labels are no objects"
    )
    assert checked.findings()[0].fix == "mend its labels, as the other findings say"
