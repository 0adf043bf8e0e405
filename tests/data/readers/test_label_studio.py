from __future__ import annotations

import json

import pytest

from tests.data.builders import check_of, found, survey_of, write_file
from tests.data.readers.exports import RESULT, write_label_studio
from tests.data.readers.test_voc import DOG, boxes_of
from yolozu.errors import InputError


def result(kind="rectanglelabels", **value):
    """A shape, turned or of another kind."""
    return {**RESULT, "type": kind, "value": {**RESULT["value"], kind: ["dog"], **value}}


def test_boxes_are_read_from_the_folder_and_from_the_file(tmp_path):
    root = write_label_studio(tmp_path)
    assert boxes_of(root) == [DOG]
    assert found(check_of(root), root) == []
    assert [image.labeled.image for image in survey_of(root / "project.json").splits[0].images] == [
        "photos/a.png",
        "photos/b.png",
    ]


@pytest.mark.parametrize(
    "address",
    [
        "/data/upload/1/0a1b2c3d-a.png",
        "https://host/x/a.png?token=1",
        "/data/local-files/?d=photos%2Fa.png",
        "s3://b/a.png",
    ],
)
def test_pictures_are_found_however_the_server_calls_them(tmp_path, address):
    assert boxes_of(write_label_studio(tmp_path, address=address)) == [DOG]


def test_a_picture_that_is_not_there_is_told(tmp_path):
    root = write_label_studio(tmp_path, address="/data/upload/1/0a1b2c3d-z.png")
    assert found(check_of(root), root)[0].startswith("unreadable_image 0a1b2c3d-z.png: ")


@pytest.mark.parametrize(
    "shape",
    [
        result("polygonlabels", points=[[25, 37.5], [75, 40], [30, 62.5]]),
        result("ellipselabels", x=50, y=50, radiusX=25, radiusY=12.5),
        # 12 px wide and 32 px high, turned by a quarter about its top-left corner at (48, 18) px
        result(x=75, y=37.5, width=18.75, height=66.6666666667, rotation=90),
    ],
)
def test_other_shapes_count_as_the_box_around_them(tmp_path, shape):
    ((name, box, _),) = boxes_of(write_label_studio(tmp_path, shape))
    assert (name, box) == ("dog", pytest.approx(DOG[1]))


def test_what_is_no_shape_is_counted(tmp_path):
    root = write_label_studio(tmp_path, RESULT, {"type": "choices", "value": {}}, "x")
    assert survey_of(root).notes == (
        f"all: {root}/project.json: left out, because they have no box: 1 None, 1 choices",
    )


def test_the_first_annotation_that_was_not_cancelled_counts(tmp_path):
    root = write_label_studio(tmp_path)
    tasks = json.loads((root / "project.json").read_text())
    tasks[0]["annotations"] = [
        {"was_cancelled": True, "result": []},
        *tasks[0]["annotations"],
        {"result": [RESULT] * 2},
    ]
    write_file(root / "project.json", json.dumps(tasks))
    assert boxes_of(root) == [DOG]


def test_shapes_that_cannot_be_understood_are_told_with_their_place(tmp_path):
    shapes = [
        result(x="left"),
        {**RESULT, "value": None},
        result(rectanglelabels=[]),
        result("polygonlabels", points=[[1, 2, 3]]),
        {**RESULT, "original_width": 0},
        result(x=10**400),
    ]
    root = write_label_studio(tmp_path, *shapes)
    assert found(check_of(root), root) == [
        "malformed_label project.json: [0]: result[0]: 'left' is no number",
        "malformed_label project.json: [0]: result[1]: has no value",
        "malformed_label project.json: [0]: result[2]: has no class, or several",
        "malformed_label project.json: [0]: result[3]: has points that are no pairs",
        "malformed_label project.json: [0]: result[4]: has a picture of no size",
        f"malformed_label project.json: [0]: result[5]: {10**39} is no number",
    ]


@pytest.mark.parametrize(
    ("task", "problem"),
    [
        (1, "YZ907 is no list of tasks"),
        ({"annotations": [], "data": {"text": "x"}}, "[2]: YZ907 is a task without a picture"),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused(tmp_path, task, problem):
    path = write_label_studio(tmp_path) / "project.json"
    write_file(path, json.dumps([*json.loads(path.read_text()), task]))
    with pytest.raises(InputError) as refused:
        survey_of(tmp_path)
    fix = "export the project as JSON, not as JSON-MIN or CSV"
    assert str(refused.value) == f"{path}: {problem}\n  fix: {fix}"
