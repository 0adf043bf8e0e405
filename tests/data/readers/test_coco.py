from __future__ import annotations

import json

import pytest

from tests.data.builders import write_coco, write_file
from tests.data.tars import write_tar
from yolozu.data.labels import Defect
from yolozu.data.layouts.layout import Layout, Split, find_layout
from yolozu.data.readers.coco import CocoReader
from yolozu.errors import InputError
from yolozu.structures.classes import ClassTable

BBOX = "bbox must be [x, y, width, height], is"


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
        ({"category_id": 3, "bbox": [1, 2, 3, 1e305]}, "malformed_label", "1e+305 is no number of an image"),
        ({"category_id": 3, "bbox": [1, 2, 3, 1e12]}, "malformed_label", "1e+12 is no place on an image"),
        (
            {"category_id": 3, "bbox": [1, 2, 3]},
            "malformed_label",
            "bbox must be [x, y, width, height], is a list of 3",
        ),
        ({"category_id": 3, "bbox": {"x": 1}}, "malformed_label", f"{BBOX} {{'x': 1}}"),
        ({"category_id": 3, "bbox": [1, 2, 3, 4], "area": "large"}, "malformed_label", "'large' is no finite number"),
        ({"category_id": 3, "bbox": [1, 2, 3, 4], "iscrowd": 2}, "malformed_label", "iscrowd 2 is neither 0 nor 1"),
        ({"bbox": [1, 2, 3, 4]}, "malformed_label", "has no 'category_id'"),
        ({"category_id": None, "bbox": [1, 2, 3, 4]}, "malformed_label", "None is no whole number"),
        ({"category_id": 2.5, "bbox": [1, 2, 3, 4]}, "malformed_label", "2.5 is no whole number"),
        ({"category_id": 4, "bbox": [1, 2, 3, 4]}, "class_out_of_range", "category_id 4 is no category"),
    ],
)
def test_an_annotation_that_holds_no_instance_is_a_defect(tmp_path, annotation, rule, problem):
    first, _ = read(write_coco(tmp_path, [{"image_id": 20, **annotation}])).images
    assert first.instances == ()
    assert first.defects == (Defect(rule, f"{tmp_path}/instances.json: annotations[0]", problem),)


@pytest.mark.parametrize(
    "changes",
    [
        {"image_id": 20.0}, {"image_id": "20"}, {"image_id": "000020"}, {"category_id": 3.0}, {"category_id": "3"},
        {"iscrowd": False}, {"iscrowd": None}, {"iscrowd": 0.0}, {"iscrowd": "0"}, {"area": None}, {"area": "768"},
        {"bbox": ["32", "24.0", "32", "24"]}, {"bbox": [32.0, 24.0, 32.0, 24.0]},
    ],
)  # fmt: skip
def test_what_has_one_meaning_is_read_however_it_is_written(tmp_path, changes):
    plain = {"image_id": 20, "category_id": 3, "bbox": [32, 24, 32, 24], "iscrowd": 0}
    assert read(write_coco(tmp_path, [{**plain, **changes}])) == read(write_coco(tmp_path, [plain]))


@pytest.mark.parametrize("crowd", [True, 1.0, "1"])
def test_a_crowd_may_be_true(tmp_path, crowd):
    row = {"image_id": 20, "category_id": 3, "bbox": [32, 24, 32, 24], "iscrowd": crowd}
    assert read(write_coco(tmp_path, [row])).images[0].instances[0].is_crowd


def test_ids_and_sizes_may_be_whole_floats_booleans_or_texts(tmp_path):
    root = write_coco(
        tmp_path,
        [{"image_id": 1, "category_id": 1, "bbox": [32, 24, 32, 24]}],
        images=[{"id": "000001", "file_name": "a.png", "width": 64.0, "height": "48"}],
        categories=[{"id": True, "name": "cat"}],
    )
    (image,) = read(root).images
    assert (image.declared_size, len(image.instances)) == ((64, 48), 1)


@pytest.mark.parametrize("row", [{"image_id": 99}, {}, {"image_id": "a"}])
def test_an_annotation_of_no_listed_image_is_stray(tmp_path, row):
    labels = read(write_coco(tmp_path, [row]))
    assert [defect.rule for defect in labels.stray] == ["label_without_image"]


def test_an_annotation_that_is_no_object_is_malformed(tmp_path):
    labels = read(write_coco(tmp_path, ["text"]))
    assert labels.stray == (Defect("malformed_label", f"{tmp_path}/instances.json: annotations[0]", "is no object"),)


@pytest.mark.parametrize("name", ["pictures/a.png", "./a.png", "pictures\\a.png"])
def test_a_file_name_with_its_directory_in_front_is_found(tmp_path, name):
    root = write_coco(tmp_path, [], images=[{"id": 1, "file_name": name, "width": 64, "height": 48}])
    assert [image.image for image in read(root).images] == ["pictures/a.png"]


def test_a_list_of_images_without_annotations_is_no_split_without_objects(tmp_path):
    root = write_coco(tmp_path, [])
    document = json.loads((root / "instances.json").read_text())
    del document["annotations"]
    write_file(root / "instances.json", json.dumps(document))
    labels = read(root)
    assert (labels.labeled, len(labels.images)) == (False, 2)
    assert "has no annotations: its images can be predicted" in labels.notes[0]
    assert read(write_coco(tmp_path, [])).labeled


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


def test_pictures_may_lie_in_tar_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = write_coco(tmp_path, [{"image_id": 20, "category_id": 3, "bbox": [0, 0, 32, 24]}])
    for shard, name in enumerate(("a.png", "b.png")):
        picture = root / "pictures" / name
        write_tar(root / f"pictures/{shard}.tar", {name: picture.read_bytes()})
        picture.unlink()
    assert [(image.image, image.number, len(image.instances)) for image in read(root).images] == [
        ("pictures/0.tar/a.png", 20, 1),
        ("pictures/1.tar/b.png", 10, 0),
    ]
