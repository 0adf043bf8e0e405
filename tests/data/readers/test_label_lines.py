from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.builders import write_file
from yolozu.data.labels import Defect, Instance
from yolozu.data.layouts.ultralytics import Keypoints
from yolozu.data.readers.label_lines import LabelLines

EIGHT = "8 values; a box has 5, a polygon 7, 9, 11, … (keypoints need kpt_shape in data.yaml)"


def read(tmp_path, text, keypoints=None):
    return LabelLines(keypoints).read(write_file(tmp_path / "7.txt", text))


def test_a_line_is_a_class_and_a_box_and_knows_its_place(tmp_path):
    lines = read(tmp_path, "\ufeff\n3 0.5 0.25 0.1 0.2\n")
    assert lines == (Instance(f"{tmp_path}/7.txt:2", 3, (0.5, 0.25, 0.1, 0.2)),)


def test_a_polygon_becomes_the_box_around_it_and_keeps_its_area(tmp_path):
    (instance,) = read(tmp_path, "0 0.2 0.2 0.6 0.2 0.2 0.8\n")
    assert instance.box_cxcywh == pytest.approx((0.4, 0.5, 0.4, 0.6))
    assert instance.area_fraction == pytest.approx(0.12)


@pytest.mark.parametrize(
    ("line", "rule", "problem"),
    [
        ("0 0.5 0.5 0.1", "malformed_label", "4 values; a box has 5, a polygon 7, 9, 11, …"),
        ("0 0.5 0.5 0.1 0.1 0.9", "malformed_label", "6 values; a box has 5, a polygon 7, 9, 11, …"),
        ("0 0.5 half 0.1 0.1", "malformed_label", "is no number: 'half'"),
        ("0 0.5 nan 0.1 0.1", "malformed_label", "is not finite: 0 0.5 nan 0.1 0.1"),
        ("0 0.5 inf 0.1 0.1", "malformed_label", "is not finite: 0 0.5 inf 0.1 0.1"),
        ("0 0.5 1e400 0.1 0.1", "malformed_label", "is not finite: 0 0.5 1e400 0.1 0.1"),
        ("0 0.5 0.5 0.1 0.1 0.9 0.9 2", "malformed_label", EIGHT),
        ("3.5 0.5 0.5 0.1 0.1", "non_integer_class", "class '3.5' is no integer"),
        ("1e400 0.5 0.5 0.1 0.1", "non_integer_class", "class '1e400' is no integer"),
        ("1e305 0.5 0.5 0.1 0.1", "class_out_of_range", "class 1e305 is no index of a class"),
        (f"{'9' * 5000} 0.5 0.5 0.1 0.1", "non_integer_class", f"class {'9' * 39!r:.40} is no integer"),
        ("0 1e305 0.5 0.1 0.1", "box_outside_image", "1e+305 is far outside the image, in px as in fractions"),
        ("0 0.5 0.5 0.1 0.1 -2e6 0.5", "box_outside_image", "-2e+06 is far outside the image, in px as in fractions"),
        ("cat 0.5 0.5 0.1 0.1", "non_integer_class", "class 'cat' is no integer"),
    ],
)
def test_a_line_that_holds_no_instance_is_a_defect_at_its_line(tmp_path, line, rule, problem):
    first, second = read(tmp_path, f"0 0.5 0.5 0.1 0.1\n{line}\n")
    assert isinstance(first, Instance)
    assert second == Defect(rule, f"{tmp_path}/7.txt:2", problem)


def test_a_file_that_is_no_text_is_a_defect(tmp_path):
    path = tmp_path / "7.txt"
    path.write_bytes(b"\xff\xfe0 1")
    (defect,) = LabelLines().read(path)
    assert (defect.rule, defect.where) == ("malformed_label", str(path))


@given(st.lists(st.text(alphabet="0123456789.eE+-naif \t", max_size=30), max_size=8))
def test_every_written_line_is_an_instance_or_a_defect(tmp_path_factory, lines):
    path = write_file(tmp_path_factory.mktemp("labels") / "7.txt", "\n".join(lines))
    assert len(LabelLines().read(path)) == sum(bool(line.strip()) for line in lines)


@pytest.mark.parametrize("token", ["1", "1.0", "1e0", "1.000000000000000000e+00", "01"])
def test_a_whole_number_in_any_notation_is_a_class(tmp_path, token):
    (instance,) = read(tmp_path, f"{token} 0.5 0.25 0.1 0.2\n")
    assert instance.class_index == 1


@pytest.mark.parametrize(
    ("shape", "line"),
    [
        (Keypoints(3, 2), "0 0.5 0.5 0.4 0.4 0.35 0.35 0.65 0.35 0.5 0.6"),
        (Keypoints(2, 3), "0 0.5 0.5 0.4 0.4 0.35 0.35 2 0.65 0.35 1"),
        (Keypoints(1, 3), "0 0.5 0.5 0.4 0.4 0 0 0"),
        (Keypoints(3, 2), "0 0.5 0.5 0.4 0.4"),
    ],
)
def test_the_box_stands_before_the_keypoints(tmp_path, shape, line):
    (instance,) = read(tmp_path, line, shape)
    assert (instance.box_cxcywh, instance.area_fraction) == ((0.5, 0.5, 0.4, 0.4), None)


def test_keypoints_are_as_many_as_was_said(tmp_path):
    (defect,) = read(tmp_path, "0 0.5 0.5 0.4 0.4 0.35 0.35 0.65 0.35", Keypoints(3, 2))
    assert defect.rule == "malformed_label"
    assert defect.problem == "9 values; with kpt_shape [3, 2] a line has 11, or 5"


THREE_POINTS = "0 0.5 0.5 0.4 0.4 0.35 0.35 0.65 0.35 0.5 0.6"
SEEN_POINTS = "0 0.5 0.5 0.4 0.4 0.35 0.35 2 0.65 0.65 1"
OUTLINE = "0 0.2 0.2 0.6 0.2 0.6 0.8 0.2 0.8 0.1 0.5"
ORIENTED = "0 0.4 0.4 0.6 0.4 0.6 0.6 0.4 0.6"


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (
            [THREE_POINTS, THREE_POINTS],
            "2 lines are read as polygons of 5 points, and might be a box with keypoints: kpt_shape: [3, 2]",
        ),
        (
            [SEEN_POINTS],
            "1 line is read as a polygon of 5 points, and might be a box with keypoints: kpt_shape: [2, 3]",
        ),
        ([THREE_POINTS, OUTLINE], None),
        ([OUTLINE], None),
        ([ORIENTED], None),
        (["0 0.4 0.4 0.6 0.4 0.5 0.6"], None),
        ([THREE_POINTS, "0 0.1 0.1 0.3 0.1 0.2 0.3"], None),
        (["0 0.5 0.5 0.2 0.2"], None),
    ],
)
def test_polygons_that_may_be_keypoints_are_doubted(tmp_path, lines, problem):
    reader = LabelLines()
    reader.read(write_file(tmp_path / "7.txt", "\n".join(lines)))
    doubt = reader.doubt()
    assert (None if doubt is None else doubt.problem) == problem
    assert doubt is None or doubt.where == f"{tmp_path}/7.txt:1"


def test_keypoints_that_are_said_are_not_doubted(tmp_path):
    reader = LabelLines(Keypoints(3, 2))
    reader.read(write_file(tmp_path / "7.txt", THREE_POINTS))
    assert reader.doubt() is None


def test_an_oriented_box_is_the_box_around_its_corners(tmp_path):
    (instance,) = read(tmp_path, "0 0.5 0.2 0.8 0.5 0.5 0.8 0.2 0.5\n")
    assert instance.box_cxcywh == pytest.approx((0.5, 0.5, 0.6, 0.6))
