from __future__ import annotations

import pytest

from tests.data.builders import check_of, found, survey_of, write_file
from tests.data.readers.exports import SIZE, voc_object, write_voc
from yolozu.artifacts.digest import DigestCache
from yolozu.data.fingerprint import fingerprint
from yolozu.data.layouts.layout import find_layout


def boxes_of(root, *splits):
    """(class name, box, ignored) of every object."""
    surveyed = survey_of(root, *splits)
    return [
        (surveyed.classes.names[instance.class_index], instance.box_cxcywh, instance.is_crowd)
        for _, _, instance in surveyed.instances()
    ]


DOG = ("dog", (0.5, 0.5, 0.5, 0.25), False)


@pytest.mark.parametrize(
    ("pictures", "labels"), [("JPEGImages", "Annotations"), ("images", "annotations"), ("", ""), ("", "Annotations")]
)
def test_boxes_are_read_wherever_tools_put_them(tmp_path, pictures, labels):
    root = write_voc(tmp_path, pictures=pictures, labels=labels)
    assert boxes_of(root) == [DOG]
    assert found(check_of(root), root) == []


def test_classes_are_the_names_of_objects_where_no_file_lists_them(tmp_path):
    root = write_voc(tmp_path, voc_object("sheep"), voc_object("ant", xmin=1), voc_object("sheep", xmin=2))
    (root / "classes.txt").unlink()
    assert survey_of(root).classes.names == ("ant", "sheep")


def test_difficult_objects_are_ignored(tmp_path):
    root = write_voc(
        tmp_path, voc_object(more="<difficult>1</difficult>"), voc_object(more="<difficult>0</difficult>", xmin=20)
    )
    assert [entry[2] for entry in boxes_of(root)] == [True, False]


def test_two_folders_have_the_classes_of_both(tmp_path):
    for name, called in (("train", "dog"), ("valid", "ant")):
        write_voc(tmp_path / name, voc_object(called), pictures="", labels="")
        (tmp_path / name / "classes.txt").unlink()
    surveyed = survey_of(tmp_path)
    assert surveyed.classes.names == ("ant", "dog")
    assert [split.name for split in surveyed.splits] == ["train", "valid"]


@pytest.mark.parametrize("size", ["", "<size><width>0</width><height>0</height></size>"])
def test_a_size_that_is_not_stated_is_that_of_the_picture(tmp_path, size):
    assert boxes_of(write_voc(tmp_path, size=size)) == [DOG]


def test_lists_of_names_are_splits(tmp_path):
    root = write_voc(tmp_path)
    write_file(root / "ImageSets/Main/train.txt", "a\n")
    write_file(root / "ImageSets/Main/val.txt", "b\n")
    write_file(root / "ImageSets/Main/dog_train.txt", "a  1\n")
    layout = find_layout(root)
    assert list(layout.splits) == ["train", "val"]
    assert [[image.labeled.image for image in split.images] for split in survey_of(root).splits] == [
        ["JPEGImages/a.png"],
        ["JPEGImages/b.png"],
    ]


def test_what_cannot_be_understood_is_told_with_its_place(tmp_path):
    root = write_voc(
        tmp_path,
        voc_object(xmin="x"),
        "<object><name>dog</name></object>",
        voc_object(""),
        voc_object("bird"),
        voc_object(xmax="1e300"),
    )
    write_file(root / "Annotations/b.xml", "<annotation>")
    write_file(root / "Annotations/c.xml", f"<annotation>{SIZE}</annotation>")
    assert (
        found(check_of(root), root)
        == [
            "malformed_label Annotations/a.xml: object[0]: 'x' is no number",
            "malformed_label Annotations/a.xml: object[1]: has no bndbox/xmin",
            "malformed_label Annotations/a.xml: object[2]: '' is no name of a class",
            "malformed_label Annotations/a.xml: object[4]: is no place on an image",
            "malformed_label Annotations/b.xml: is no XML: no element found: line 1, column 12",
            "class_out_of_range Annotations/a.xml: object[3]: 'bird' is no class of the data set",
            "label_without_image Annotations/c.xml: no image has its name",
            "no_objects_to_train X",
        ][:-1]
    )


def test_a_label_that_changes_is_another_fingerprint(tmp_path):
    root = write_voc(tmp_path)
    before = fingerprint(str(root), ["all"], DigestCache(None))
    assert before["files"] == 4
    write_file(root / "Annotations/a.xml", "<annotation/>")
    assert fingerprint(str(root), ["all"], DigestCache(None))["digest"] != before["digest"]
