from __future__ import annotations

import pytest

from tests.data.builders import check_of, found, survey_of, write_file
from tests.data.readers.exports import SHAPE, write_cvat
from tests.data.readers.test_voc import DOG, boxes_of
from yolozu.data.layouts.layout import find_layout
from yolozu.errors import InputError

POLYGON = '<polygon label="dog" points="1;2"/>'


def test_boxes_are_read_from_the_folder_and_from_the_file(tmp_path):
    root = write_cvat(tmp_path)
    assert boxes_of(root) == boxes_of(root / "annotations.xml") == [DOG]
    assert found(check_of(root), root) == []
    assert survey_of(root).classes.names == ("cat", "dog")


@pytest.mark.parametrize(
    "shape",
    [
        '<polygon label="dog" points="16,18;48,20;30,30"/>',
        '<mask label="dog" rle="1" left="16" top="18" width="32" height="12"/>',
        '<ellipse label="dog" cx="32" cy="24" rx="16" ry="6"/>',
        '<box label="dog" xtl="26" ytl="8" xbr="38" ybr="40" rotation="90"/>',
    ],
)
def test_other_shapes_count_as_the_box_around_them(tmp_path, shape):
    ((name, box, ignored),) = boxes_of(write_cvat(tmp_path, shape))
    assert (name, ignored) == ("dog", False)
    assert box == pytest.approx(DOG[1])


def test_shapes_without_a_box_are_counted(tmp_path):
    root = write_cvat(tmp_path, SHAPE, '<points label="dog" points="1,2"/>', '<tag label="dog"/>', '<tag label="cat"/>')
    assert len(boxes_of(root)) == 1
    assert survey_of(root).notes == (
        f"all: {root}/annotations.xml: left out, because they have no box: 1 points, 2 tag",
    )


def test_shapes_that_cannot_be_understood_are_told_with_their_place(tmp_path):
    root = write_cvat(
        tmp_path,
        SHAPE.replace("16", "x"),
        SHAPE.replace('xbr="48"', ""),
        POLYGON,
        SHAPE.replace("dog", ""),
    )
    assert found(check_of(root), root) == [
        "malformed_label annotations.xml: a.png[0]: 'x' is no number",
        "malformed_label annotations.xml: a.png[1]: has no xbr",
        "malformed_label annotations.xml: a.png[2]: has points that are no pairs",
        "malformed_label annotations.xml: a.png[3]: '' is no name of a class",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<annotations><image/></annotations>", "image[0] has no name"),
        ('<annotations><image name="a" width="0" height="1"/></annotations>', "image[0] has size 0×1"),
        ('<annotations><image name="a" width="1"/></annotations>', "None is no number"),
        ("<annotations ><track/></annotations>", "holds tracks of a video, which are of no pictures"),
        ("<annotations ", "is no XML: unclosed token: line 1, column 0"),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused(tmp_path, text, problem):
    path = write_file(write_cvat(tmp_path) / "annotations.xml", text)
    with pytest.raises(InputError) as refused:
        survey_of(tmp_path)
    assert str(refused.value) == f'{path}: YZ906 {problem}\n  fix: export the task as "CVAT for images 1.1"'


def test_another_xml_file_is_no_data_set(tmp_path):
    with pytest.raises(InputError) as refused:
        find_layout(write_file(tmp_path / "a.xml", "<x/>"))
    assert str(refused.value) == (
        f"{tmp_path}/a.xml: YZ201 is no data set\n"
        "  fix: name an XML file that CVAT exported for images, beside its pictures or images/"
    )
