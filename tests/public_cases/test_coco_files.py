from __future__ import annotations

import json

import pytest

from tests.data.builders import check_of, found, write_coco, write_file, write_image


def row(**changes):
    return {"image_id": 20, "category_id": 3, "bbox": [4, 4, 40, 20], "area": 800, "iscrowd": 0, **changes}


# cocodataset/cocoapi#374, kdexd/coco-rem#5: iscrowd is absent, null or boolean; tables make ids floats.
@pytest.mark.parametrize("changes", [{"image_id": 20.0}, {"category_id": 3.0}, {"iscrowd": False}, {"iscrowd": None}])
def test_numbers_as_tables_write_them_are_the_same_numbers(tmp_path, changes):
    checked = check_of(write_coco(tmp_path, [row(**changes)]))
    assert checked.violations == ()
    assert sum(len(image.labeled.instances) for _, image in checked.survey.images()) == 1


# ultralytics/yolov5#11131, ultralytics/yolov3#1024: without labels, training cannot start.
def test_a_file_of_which_nothing_can_be_used_is_refused(tmp_path):
    checked = check_of(write_coco(tmp_path, [row(image_id="elsewhere.png")]))
    assert found(checked, tmp_path) == [
        "label_without_image instances.json: annotations[0]: image_id 'elsewhere.png' is no listed image",
        "unusable_annotations instances.json: none of its 1 annotations can be used, so that every image would count "
        "as empty",
    ]
    assert not checked.clean


# datumaro reads it as two classes of one name: open-edge-platform/datumaro#1160; dropped in roboflow/rf-detr#1303.
def test_the_group_that_roboflow_calls_like_a_class_is_no_class(tmp_path):
    categories = [
        {"id": 0, "name": "fish", "supercategory": "none"},
        {"id": 1, "name": "fish", "supercategory": "fish"},
        {"id": 2, "name": "trap", "supercategory": "fish"},
    ]
    survey = check_of(write_coco(tmp_path, [row(category_id=1)], categories=categories)).survey
    assert (survey.classes.names, survey.classes.category_ids) == (("fish", "trap"), (1, 2))
    assert any("category 0 'fish' is no class" in note for note in survey.notes)


# facebookresearch/detectron2#275, open-mmlab/mmdetection#3327: lists of test images have no annotations.
def test_a_list_of_test_images_is_known_to_be_unlabeled(tmp_path):
    root = write_coco(tmp_path, [])
    document = json.loads((root / "instances.json").read_text())
    del document["annotations"]
    write_file(root / "instances.json", json.dumps(document))
    checked = check_of(root)
    assert checked.violations == ()
    assert not checked.survey.splits[0].labeled


# twosixlabs/armory#1491, lyuwenyu/RT-DETR#541: corners where COCO has sizes.
def test_corners_instead_of_sizes_are_named_instead_of_clipped(tmp_path):
    checked = check_of(write_coco(tmp_path, [row(bbox=[30, 8, 60, 40]), row(bbox=[2, 3, 20, 30])]))
    assert {rule for rule, _ in checked.violations} == {"box_units"}


# roboflow/roboflow-100-benchmark#45: an export has train, valid and test, each with its file among the images.
def test_a_roboflow_export_is_a_data_set_as_it_is(tmp_path):
    for seed, split in enumerate(("train", "valid")):
        write_image(tmp_path / split / "a.jpg", seed=seed)
        document = {
            "images": [{"id": 0, "file_name": "a.jpg", "height": 48, "width": 64}],
            "annotations": [row(image_id=0, category_id=1)],
            "categories": [{"id": 1, "name": "peix", "supercategory": "peixos"}],
        }
        write_file(tmp_path / split / "_annotations.coco.json", json.dumps(document))
    checked = check_of(tmp_path, "train", "val")
    assert checked.violations == ()
    assert [(split.name, len(split.images)) for split in checked.survey.splits] == [("train", 1), ("valid", 1)]
