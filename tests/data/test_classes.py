from __future__ import annotations

import json

import pytest

from tests.data.builders import check_of, found, survey_of, write_coco, write_file, write_yolo
from yolozu.errors import InputError
from yolozu.structures.classes import ClassTable

CAT_DOG = ClassTable(("cat", "dog"), (0, 1))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("classes.txt", "cat\n\n dog \n"),
        ("classes.json", '["cat", "dog"]'),
        ("classes.json", '{"1": "dog", "0": "cat"}'),
        ("data.yaml", "nc: 2\nnames: [cat, dog]\n"),
        ("data.yaml", "names:\n  0: cat\n  1: dog\n"),
        ("data.yaml", "nc: 2.0\nnames: {'0': cat, '1': dog}\n"),
    ],
)
def test_class_names_are_read_from_any_of_these(tmp_path, name, text):
    root = write_yolo(tmp_path, {"train/a": "1 .5 .5 .1 .1"}, classes=None)
    write_file(root / name, text)
    surveyed = survey_of(root)
    assert surveyed.classes == CAT_DOG
    assert (surveyed.classes_are_stated, surveyed.notes) == (True, ())


@pytest.mark.parametrize("extra", ["", "names:\nnc:\n"])
def test_without_names_the_labels_count_and_a_note_says_so(tmp_path, extra):
    root = write_yolo(tmp_path, {"train/a": "2 .5 .5 .1 .1", "val/b": "0 .5 .5 .1 .1"}, classes=None)
    write_file(root / "data.yaml", extra)
    surveyed = survey_of(root)
    assert surveyed.classes == ClassTable(("class_0", "class_1", "class_2"), (0, 1, 2))
    assert not surveyed.classes_are_stated
    assert surveyed.notes == (
        f"{root}: no classes.txt, classes.json or data.yaml names the classes; they are called class_0 to class_2",
    )


def test_classes_read_off_labels_do_not_depend_on_the_split(tmp_path):
    root = write_yolo(tmp_path, {"train/a": "2 .5 .5 .1 .1", "val/b": "0 .5 .5 .1 .1"}, classes=None)
    assert survey_of(root, "val").classes == survey_of(root, "train").classes


def test_a_descriptor_gives_names_and_ids(tmp_path):
    root = write_yolo(tmp_path, {"train/a": ""}, classes=None)
    splits = {"train": {"images_dir": "images/train", "labels_dir": "labels/train"}}
    write_file(root / "dataset.json", json.dumps({"splits": splits, "classes": ["cat", "dog"], "category_ids": [5, 9]}))
    assert survey_of(root).classes == ClassTable(("cat", "dog"), (5, 9))


def test_a_descriptor_without_ids_takes_them_from_the_categories(tmp_path):
    root = write_coco(tmp_path, [])
    descriptor = json.loads((root / "dataset.json").read_text())
    write_file(root / "dataset.json", json.dumps({**descriptor, "classes": ["cat", "dog"]}))
    assert survey_of(root).classes == ClassTable(("cat", "dog"), (3, 7))


def test_a_descriptor_may_choose_among_the_categories(tmp_path):
    root = write_coco(tmp_path, [{"image_id": 20, "category_id": 7, "bbox": [1, 1, 5, 5]}])
    descriptor = json.loads((root / "dataset.json").read_text())
    write_file(root / "dataset.json", json.dumps({**descriptor, "classes": ["dog"], "category_ids": [7]}))
    surveyed = survey_of(root)
    assert surveyed.classes == ClassTable(("dog",), (7,))
    assert [instance.class_index for _, _, instance in surveyed.instances()] == [0]


def test_files_that_contradict_each_other_are_refused(tmp_path):
    root = write_yolo(tmp_path, {"train/a": ""})
    write_file(root / "classes.json", '["dog", "cat"]')
    with pytest.raises(InputError) as refused:
        survey_of(root)
    assert str(refused.value) == (
        f"{root}/classes.json: YZ204 names other classes than {root}/classes.txt\n"
        "  fix: make them agree, or give classes and category_ids in dataset.json"
    )


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("classes.txt", "cat\ncat\n", "class 'cat' is named 2 times"),
        ("classes.txt", "\n", "is no list of class names"),
        ("classes.json", '{"1": "cat"}', "class indices must be 0 to 0"),
        ("classes.json", '["cat", 5.5]', "class 1 is called 5.5, which is no name"),
        ("classes.json", '["cat", null]', "class 1 is called None, which is no name"),
        ("classes.json", '["cat", "\\ud800"]', "class 1 is called '\\ud800', which holds half a character"),
        ("data.yaml", "names: [cat, true]\n", "class 1 is called True, which is no name"),
        ("data.yaml", "names: 5\n", "is no list of class names"),
    ],
)
def test_names_that_cannot_be_understood_are_refused(tmp_path, name, text, problem):
    root = write_yolo(tmp_path, {"train/a": ""}, classes=None)
    write_file(root / name, text)
    with pytest.raises(InputError) as refused:
        survey_of(root)
    assert refused.value.findings[0].problem.startswith(problem)
    assert refused.value.findings[0].code == "YZ204"


@pytest.mark.parametrize("text", ["names: [7, 8]\n", "names: {0: 7, 1: 8}\n"])
def test_numbers_may_be_names(tmp_path, text):
    root = write_yolo(tmp_path, {"train/a": ""}, classes=None)
    write_file(root / "data.yaml", text)
    assert survey_of(root).classes.names == ("7", "8")


def test_nc_alone_says_how_many_classes_there_are(tmp_path):
    root = write_yolo(tmp_path, {"train/a": "1 .5 .5 .1 .1"}, classes=None)
    write_file(root / "data.yaml", "nc: 3\n")
    assert survey_of(root).classes == ClassTable(("class_0", "class_1", "class_2"), (0, 1, 2))


@pytest.mark.parametrize("names", ["names: [cat, dog]\n", ""])
def test_nc_that_contradicts_the_names_is_refused(tmp_path, names):
    root = write_yolo(tmp_path, {"train/a": ""}, classes=None if names else "cat\ndog\n")
    write_file(root / "data.yaml", f"nc: 3\n{names}")
    with pytest.raises(InputError) as refused:
        survey_of(root)
    assert str(refused.value) == (
        f"{root}/data.yaml: nc: YZ204 is 3, but 2 classes are named\n  fix: correct nc or the names"
    )


@pytest.mark.parametrize("count", ["0", "-1", "true", "2.5", "many", "70000", ".inf"])
def test_nc_is_a_number_of_classes(tmp_path, count):
    root = write_yolo(tmp_path, {"train/a": ""}, classes=None)
    write_file(root / "data.yaml", f"nc: {count}\n")
    with pytest.raises(InputError, match=r"YZ204 .* is no number of classes"):
        survey_of(root)


def test_an_incredible_class_makes_no_classes(tmp_path):
    root = write_yolo(tmp_path, {"train/a": "999999999 .5 .5 .1 .1\n1 .5 .5 .1 .1"}, classes=None)
    checked = check_of(root)
    assert len(checked.survey.classes) == 2
    assert found(checked, root) == ["class_out_of_range labels/train/a.txt:1: class 999999999 is outside 0 to 1"]


def test_a_yaml_of_another_name_that_is_not_read_is_pointed_to(tmp_path):
    root = write_yolo(tmp_path, {"train/a": "0 .5 .5 .1 .1"}, classes=None)
    write_file(root / "parts.yml", "train: images/train\nnames: [bolt]\n")
    assert survey_of(root).notes[0].endswith("class_0 to class_0; parts.yml is read where it is the dataset_root")
    assert survey_of(root / "parts.yml").classes.names == ("bolt",)
