from __future__ import annotations

import json

import pytest

from tests.data.builders import index_at, write_coco, write_yolo
from yolozu.artifacts.coco_classes import COCO_CLASSES
from yolozu.data.coco_numbers import numbers_of_annotations, numbers_of_data
from yolozu.data.layouts.layout import find_layout
from yolozu.errors import InputError

LABEL = "0 0.5 0.5 0.2 0.2\n"
OTHER = {
    "images": [{"id": 5, "file_name": "a.png", "width": 64, "height": 48}], "annotations": [],
    "categories": [{"id": 18, "name": "dog"}, {"id": 17, "name": "cat"}],
}  # fmt: skip


def numbers(root, split, annotations=None, categories=None):
    return numbers_of_data(index_at(root, split), find_layout(root), annotations, categories)


def test_an_instances_file_numbers_its_images_and_categories(tmp_path):
    known, found = numbers_of_annotations(write_coco(tmp_path, []) / "instances.json")
    assert (known.images, known.sizes, known.category_ids) == (("b.png", "a.png"), ((64, 48),) * 2, frozenset((3, 7)))
    assert (found.image_id("a.png"), found.category_id(7)) == (20, 7)
    with pytest.raises(InputError, match="YZ205"):
        numbers_of_annotations(tmp_path / "dataset.json")


def test_a_data_set_in_coco_layout_is_numbered_by_its_own_file(tmp_path):
    found = numbers(write_coco(tmp_path, []), "train")
    assert (found.image_id("pictures/b.png"), found.image_id("b.png"), found.category_id(3)) == (10, None, 3)
    assert found.source == str(tmp_path / "instances.json")


def test_other_annotations_number_the_images_and_classes_of_the_same_names(tmp_path):
    root = write_yolo(tmp_path / "data", {"val/a": LABEL, "val/b": LABEL})
    path = tmp_path / "other.json"
    path.write_text(json.dumps(OTHER))
    found = numbers(root, "val", path)
    assert (found.image_id("images/val/a.png"), found.image_id("images/val/b.png")) == (5, None)
    assert (found.category_id(0), found.category_id(1), found.source) == (17, 18, str(path))


def test_without_annotations_names_are_numbers_and_classes_are_categories(tmp_path):
    root = write_yolo(tmp_path, {"val/0007": LABEL, "val/b": LABEL})
    found = numbers(root, "val")
    assert (found.image_id("images/val/0007.png"), found.image_id("images/val/b.png")) == (7, None)
    assert (found.category_id(1), numbers(root, "val", categories=COCO_CLASSES).category_id(1)) == (1, 18)
