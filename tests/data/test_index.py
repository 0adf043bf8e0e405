from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.data.builders import index_at, write_coco, write_file, write_mask, write_sidecar, write_yolo
from tests.evaluation.scenes import Scene, Truth, index_of
from yolozu.artifacts.jsonio import canonical
from yolozu.data.index import DataIndex, image_digests, images_digest
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


def test_a_file_is_written_image_by_image_as_one_canonical_text(tmp_path):
    index = index_of([Scene([Truth(1, (1.0, 2.0, 3.0, 4.0))]), Scene()])
    for found in (index, replace(index, labeled=False), replace(index, records=())):
        found.write(tmp_path / "train.json")
        text = (tmp_path / "train.json").read_text()
        assert text == canonical(json.loads(text)) + "\n"
        assert rows(DataIndex.read(tmp_path / "train.json")) == rows(found)


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


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("classes", 0, "index"), float("inf")),
        (("images", 0, "class_indices"), [10**400]),
        (("images", 0, "width"), 10**400),
        (("images", 0, "boxes_cxcywh"), [[10**400, 0, 0, 0]]),
        (("images", 0, "masks"), [[]]),
        (("images", 0, "poses"), {"K": [10**400], "K_true": None}),
    ],
)
def test_values_that_no_array_holds_are_refused(tmp_path, place, value):
    index_at(write_yolo(tmp_path / "set", {"train/a": "1 0.5 0.25 0.1 0.2"}), "train").write(tmp_path / "a.json")
    document = json.loads((tmp_path / "a.json").read_text())
    parent = document
    for part in place[:-1]:
        parent = parent[part]
    parent[place[-1]] = value
    text = json.dumps(document).replace("Infinity", "1e999")
    for read in (DataIndex.read, lambda path: DataIndex.read_some(path, None, of=slice)):
        with pytest.raises(InputError, match="YZ206"):
            read(write_file(tmp_path / "train.json", text))


def test_poses_and_masks_come_back_too(tmp_path):
    root = write_yolo(tmp_path / "set", {"train/a": "1 0.5 0.25 0.1 0.2\n0 0.1 0.1 0.05 0.05", "train/b": None})
    write_mask(root / "masks/a.png", (1, 2, 3, 4))
    pose = {"R_gt": [[0, -1, 0], [1, 0, 0], [0, 0, 1]], "t_gt": [0.1, 0.2, 2], "mask_path": "masks/a.png"}
    write_sidecar(
        root, "train/a", pose, {"offsets_gt": [1, -2]}, K_gt=[100, 110, 32, 24], K_gt_prime=[101, 110, 32, 24]
    )
    index = index_at(root, "train")
    index.write(tmp_path / "train.json")
    back = DataIndex.read(tmp_path / "train.json")
    assert rows(back) == rows(index)
    assert (back.has_poses, back.num_poses) == (True, 1)
    first, second = back.records
    assert (first.masks, second.masks, second.poses) == ((("masks/a.png", None), None), (), None)
    poses = first.poses
    assert (poses.K_4.tolist(), poses.K_true_4.tolist()) == ([100, 110, 32, 24], [101, 110, 32, 24])
    assert (poses.has_pose_N.tolist(), poses.has_center_N.tolist()) == ([True, False], [True, True])
    np.testing.assert_allclose(poses.R_m2c_N33, [[[0, -1, 0], [1, 0, 0], [0, 0, 1]], np.eye(3)])
    np.testing.assert_allclose(poses.t_m2c_N3, [[0.1, 0.2, 2.0], [0, 0, 1]])
    # Seen by the camera that took the image; of the other one, only the label's offset from its box says where.
    np.testing.assert_allclose(poses.centers_px_N2, [[32 + 5.05, 24 + 11], [6.4 + 1, 4.8 - 2]])


def test_a_pose_behind_the_camera_is_none(tmp_path):
    root = write_yolo(tmp_path, {"train/a": "1 0.5 0.25 0.1 0.2"})
    for z in (0, -1):
        pose = {"R_gt": [1, 0, 0, 0, 1, 0, 0, 0, 1], "t_gt": [0, 0, z], "K_gt": [100, 110, 32, 24]}
        write_sidecar(root, "train/a", pose)
        poses = index_at(root, "train").records[0].poses
        assert (poses.has_pose_N.tolist(), poses.has_center_N.tolist()) == ([False], [False])
        np.testing.assert_array_equal(poses.t_m2c_N3, [[0, 0, 1]])


def test_the_file_can_be_read_by_people(tmp_path):
    index_at(write_yolo(tmp_path / "set", {"train/a": "1 0.5 0.25 0.1 0.2"}), "train").write(tmp_path / "train.json")
    document = json.loads((tmp_path / "train.json").read_text())
    assert document["classes"] == [{"id": 0, "index": 0, "name": "cat"}, {"id": 1, "index": 1, "name": "dog"}]
    assert document["images"][0]["boxes_cxcywh"] == [[0.5, 0.25, 0.1, 0.2]]


ONE, TWO = index_of([Scene(), Scene()]).records
OTHER = replace(TWO, sha256="1" * 64)


def test_images_are_known_by_content_and_order():
    assert images_digest([ONE, OTHER]) != images_digest([OTHER, ONE])
    assert images_digest([ONE, OTHER]) != images_digest([ONE, TWO])
    assert images_digest([ONE]) != images_digest([ONE, TWO])


def test_neither_names_nor_labels_matter():
    renamed = replace(ONE, image="x.jpg", path=Path("/elsewhere/x.jpg"), areas_px=ONE.areas_px[:0])
    assert images_digest([ONE, OTHER]) == images_digest([renamed, OTHER])


@pytest.mark.parametrize("chosen", [slice(0, 3), slice(1, 2), slice(2, 9), slice(3, 3)])
def test_some_of_the_images_are_read_alone(tmp_path, chosen):
    path, counts = tmp_path / "index.json", []
    index = index_of([Scene([Truth(1, (1.0, 2.0, 3.0, 4.0))]), Scene(), Scene()])
    replace(index, labeled=False).write(path)

    def choose(images):
        counts.append(images)
        return chosen

    found = DataIndex.read_some(path, None, of=choose)
    assert counts == [3]
    assert rows(found) == rows(index)[chosen]
    assert (found.root, found.split, found.classes, found.labeled) == (index.root, index.split, index.classes, False)
    assert image_digests(path) == [record.sha256 for record in index.records]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema_version": 2, "images": 3}', '{"images": [1]}', "{} {}"])
def test_what_is_no_index_is_none_in_part_either(tmp_path, text):
    path = write_file(tmp_path / "train.json", text)
    with pytest.raises(InputError, match="YZ206"):
        DataIndex.read_some(path, None, of=lambda images: slice(0, images))
    with pytest.raises(InputError, match="YZ206"):
        image_digests(path)
