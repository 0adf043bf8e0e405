from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from tests.data.builders import index_at, write_coco, write_file, write_yolo
from yolozu.data.index import DataIndex
from yolozu.errors import InputError


def rows(index):
    return [record.to_json() for record in index.records]


def test_an_index_comes_back_from_its_file(tmp_path):
    root = write_yolo(tmp_path / "set", {"train/a": "1 0.5 0.25 0.1 0.2\n0 0.1 0.1 0.05 0.05", "train/b": None})
    index = index_at(root, "train")
    index.write(tmp_path / "train.json")
    back = DataIndex.read(tmp_path / "train.json")
    assert (back.root, back.split, back.classes, rows(back)) == (root, "train", index.classes, rows(index))
    assert (len(back), back.num_instances) == (2, 2)
    first, second = back.records
    assert first.path == root / "images/train/a.png"
    assert (first.image, first.width, first.height) == ("images/train/a.png", 64, 48)
    np.testing.assert_array_equal(first.boxes_cxcywh, [[0.5, 0.25, 0.1, 0.2], [0.1, 0.1, 0.05, 0.05]])
    np.testing.assert_allclose(first.areas_px, [0.1 * 64 * 0.2 * 48, 0.05 * 64 * 0.05 * 48])
    assert (second.boxes_cxcywh.shape, second.class_indices.dtype, second.is_crowd.dtype) == (
        (0, 4),
        np.int64,
        np.bool_,
    )


def test_the_same_data_gives_the_same_bytes(tmp_path):
    root = write_coco(
        tmp_path / "set", [{"image_id": 10, "category_id": 7, "bbox": [0.1, 0.2, 30.3, 20.7], "area": 99.5}]
    )
    for name in ("first.json", "second.json"):
        index_at(root, "train").write(tmp_path / name)
    assert (tmp_path / "first.json").read_bytes() == (tmp_path / "second.json").read_bytes()
    assert DataIndex.read(tmp_path / "first.json").records[1].areas_px.tolist() == [99.5]


def test_an_index_beside_its_data_may_be_moved_with_it(tmp_path):
    root = write_yolo(tmp_path / "here/set", {"train/a": ""})
    found = index_at(root, "train")
    DataIndex(found.root, found.split, found.classes, found.records, "index").write(tmp_path / "here/train.json")
    shutil.move(tmp_path / "here", tmp_path / "there")
    assert DataIndex.read(tmp_path / "there/train.json").records[0].path.is_file()


@pytest.mark.parametrize("text", ["", "[]", '{"schema_version": 2}', '{"schema_version": 1, "root_base": "cwd"}'])
def test_a_file_that_is_no_index_is_refused(tmp_path, text):
    with pytest.raises(InputError, match="YZ206"):
        DataIndex.read(write_file(tmp_path / "train.json", text))


def test_the_file_can_be_read_by_people(tmp_path):
    index_at(write_yolo(tmp_path / "set", {"train/a": "1 0.5 0.25 0.1 0.2"}), "train").write(tmp_path / "train.json")
    document = json.loads((tmp_path / "train.json").read_text())
    assert document["classes"] == [{"id": 0, "index": 0, "name": "cat"}, {"id": 1, "index": 1, "name": "dog"}]
    assert document["images"][0]["boxes_cxcywh"] == [[0.5, 0.25, 0.1, 0.2]]
