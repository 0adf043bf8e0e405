from __future__ import annotations

import json

import pytest

from tests.data.builders import write_coco, write_file
from yolozu.artifacts.classes import ClassTable
from yolozu.data.labels import Defect
from yolozu.data.layouts.layout import Layout, Split, find_layout
from yolozu.data.readers.coco import CocoReader
from yolozu.errors import InputError


def reader_at(root):
    layout = find_layout(root)
    return CocoReader(layout, layout.split("train"))


def read(root):
    reader = reader_at(root)
    return reader.read(reader.stated_classes())


def test_categories_are_classes_in_order_of_id(tmp_path):
    assert reader_at(write_coco(tmp_path, [])).stated_classes() == ClassTable(("cat", "dog"), (3, 7))


def test_annotations_keep_crowds_and_the_stated_area(tmp_path):
    annotations = [
        {"image_id": 20, "category_id": 3, "bbox": [0, 0, 64, 24], "area": 700.5, "iscrowd": 0},
        {"image_id": 20, "category_id": 7, "bbox": [32, 24, 32, 24], "iscrowd": 1},
    ]
    first, second = read(write_coco(tmp_path, annotations)).images
    assert (first.image, first.declared_size, second.instances) == ("pictures/a.png", (64, 48), ())
    assert [(entry.where.rpartition("/")[2], entry.class_index, entry.box_cxcywh, entry.is_crowd, entry.area_px)
            for entry in first.instances] == [
        ("instances.json: annotations[0]", 0, (0.5, 0.25, 1.0, 0.5), False, 700.5),
        ("instances.json: annotations[1]", 1, (0.75, 0.75, 0.5, 0.5), True, 768.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("annotation", "rule", "problem"),
    [
        ({"category_id": 3}, "malformed_label", "has no 'bbox'"),
        ({"category_id": 3, "bbox": [1, 2, 3, None]}, "malformed_label", "None is no finite number"),
        ({"category_id": 3, "bbox": [1, 2, True, 4]}, "malformed_label", "True is no finite number"),
        ({"category_id": "3", "bbox": [1, 2, 3, 4]}, "malformed_label", "'3' is no integer"),
        ({"category_id": 4, "bbox": [1, 2, 3, 4]}, "class_out_of_range", "category_id 4 is no category"),
    ],
)
def test_an_annotation_that_holds_no_instance_is_a_defect(tmp_path, annotation, rule, problem):
    first, _ = read(write_coco(tmp_path, [{"image_id": 20, **annotation}])).images
    assert first.instances == ()
    assert first.defects == (Defect(rule, f"{tmp_path}/instances.json: annotations[0]", problem),)


@pytest.mark.parametrize("row", [{"image_id": 99}, {}, "text"])
def test_an_annotation_of_no_listed_image_is_stray(tmp_path, row):
    labels = read(write_coco(tmp_path, [row]))
    assert [defect.rule for defect in labels.stray] == ["label_without_image"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"images": None}, "has no list 'images'"),
        ({"images": [{"id": 1}]}, "images[0]: has no 'file_name'"),
        ({"images": [{"id": 1, "file_name": "a.png", "width": 0, "height": 4}]}, "images[0]: size 0×4"),
        (
            {"images": [{"id": 1, "file_name": name, "width": 9, "height": 9} for name in ("a.png", "b.png")]},
            "images[1]: id 1 or file_name 'b.png' is listed twice",
        ),
        ({"categories": [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]}, "categories: category ids repeat"),
        ({"categories": [{"name": "a"}]}, "categories: has no 'id'"),
    ],
)
def test_a_file_without_structure_is_refused(tmp_path, changes, problem):
    with pytest.raises(InputError) as refused:
        read(write_coco(tmp_path, [], **changes))
    assert refused.value.findings[0].problem == problem
    assert refused.value.findings[0].code == "YZ205"


def test_a_file_that_is_no_object_is_refused(tmp_path):
    root = write_coco(tmp_path, [])
    write_file(root / "instances.json", json.dumps([1]))
    with pytest.raises(InputError, match="YZ205 is no object"):
        reader_at(root)


def test_real_annotations_are_all_understood(real_data):
    root = real_data / "coco128"
    split = Split("train", "coco", root / "images/train2017", root / "annotations/instances_train2017.json")
    reader = CocoReader(Layout(root, {"train": split}, None, ()), split)
    classes = reader.stated_classes()
    labels = reader.read(classes)
    instances = [instance for image in labels.images for instance in image.instances]
    assert (len(classes), classes.category_ids[-1]) == (80, 90)
    assert (len(labels.images), len(instances)) == (128, 939)
    assert sum(instance.is_crowd for instance in instances) == 10
