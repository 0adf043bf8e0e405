from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.builders import write_file, write_yolo
from yolozu.data.labels import Defect, Instance
from yolozu.data.layouts.layout import find_layout
from yolozu.data.readers.yolo import YoloReader, read_label_file


def read(tmp_path, text):
    return read_label_file(write_file(tmp_path / "7.txt", text))


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
        ("3.0 0.5 0.5 0.1 0.1", "non_integer_class", "class '3.0' is no integer"),
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
    (defect,) = read_label_file(path)
    assert (defect.rule, defect.where) == ("malformed_label", str(path))


@given(st.lists(st.text(alphabet="0123456789.eE+-naif \t", max_size=30), max_size=8))
def test_every_written_line_is_an_instance_or_a_defect(tmp_path_factory, lines):
    path = write_file(tmp_path_factory.mktemp("labels") / "7.txt", "\n".join(lines))
    assert len(read_label_file(path)) == sum(bool(line.strip()) for line in lines)


def test_nested_folders_and_stray_labels(tmp_path):
    root = write_yolo(tmp_path, {"train/a/1": "0 .5 .5 .1 .1", "train/b/1": None})
    write_file(root / "labels/train/a/1.json", '{"K_gt": [100, 100, 32, 24]}')
    write_file(root / "labels/train/c/9.txt", "")
    write_file(root / "labels/train/classes.txt", "cat\n")
    layout = find_layout(root)
    labels = YoloReader(layout, layout.split("train")).read(None)
    assert [(entry.image, entry.has_labels, entry.camera is not None) for entry in labels.images] == [
        ("images/train/a/1.png", True, True),
        ("images/train/b/1.png", False, False),
    ]
    assert labels.stray == (Defect("label_without_image", f"{root}/labels/train/c/9.txt", "no image has its name"),)


def test_real_labels_are_all_understood(real_data):
    layout = find_layout(real_data / "coco128")
    labels = YoloReader(layout, layout.split("train2017")).read(None)
    assert len(labels.images) == 128
    assert sum(len(entry.instances) for entry in labels.images) == 929
    assert [defect for entry in labels.images for defect in entry.defects] == []
