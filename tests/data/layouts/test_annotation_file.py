from __future__ import annotations

import pytest

from tests.data.builders import write_coco, write_file, write_image
from tests.data.readers.exports import write_cvat, write_label_studio
from yolozu.data.layouts.annotation_file import annotation_file_in, format_of
from yolozu.data.layouts.layout import find_layout


@pytest.mark.parametrize(("name", "write"), [("cvat", write_cvat), ("label_studio", write_label_studio)])
def test_tools_are_told_apart_by_what_they_write(tmp_path, name, write):
    file = annotation_file_in(write(tmp_path))
    assert file is not None
    assert (file.label_format, file.images_dir) == (name, tmp_path / "images" if name == "cvat" else tmp_path)
    (split,) = find_layout(tmp_path).splits.values()
    assert (split.name, split.label_format, split.labels) == ("all", name, file.path)


def test_a_coco_file_of_any_name_is_found_in_its_folder(tmp_path):
    write_coco(tmp_path, [])
    (tmp_path / "dataset.json").unlink()
    (tmp_path / "pictures").rename(tmp_path / "images")
    (tmp_path / "instances.json").rename(tmp_path / "result.json")
    (split,) = find_layout(tmp_path).splits.values()
    assert (split.name, split.label_format, split.images_dir) == ("all", "coco", tmp_path / "images")


@pytest.mark.parametrize("text", ["[]", '{"a": 1}', "[1, 2]", '[{"data": 1}]'])
def test_other_json_is_none(tmp_path, text):
    write_image(tmp_path / "a.png")
    assert format_of(write_file(tmp_path / "x.json", text)) is None
    assert annotation_file_in(tmp_path) is None


def test_of_two_files_neither_is_taken(tmp_path):
    write_cvat(tmp_path)
    write_label_studio(tmp_path)
    assert annotation_file_in(tmp_path) is None


def test_annotations_without_pictures_are_none(tmp_path):
    for path in write_cvat(tmp_path).glob("images/*"):
        path.unlink()
    assert annotation_file_in(tmp_path) is None
