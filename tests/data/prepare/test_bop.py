"""Splits of BOP data sets in YOLO layout."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.data.builders import (
    bop_box,
    bop_row,
    check_of,
    found,
    index_at,
    survey_of,
    write_bop,
    write_cameras,
    write_file,
    write_mask,
)
from yolozu.data.prepare.bop import BopPlan, prepare_bop
from yolozu.errors import InputError, UsageError
from yolozu.progress import SilentProgress

OBJECTS = {0: [bop_row(t_mm=(0, 0, 500)), bop_row(3, t_mm=(-100, 0, 500))]}
INFO = {0: [bop_box(32, 24, 6, 9), bop_box(12, 24, 6, 9)]}


def write(root, scene="train/000001"):
    for number, box in enumerate(((32, 24, 38, 33), (12, 24, 18, 33))):
        write_mask(root / f"{scene}/mask_visib/000000_{number:06d}.png", box)
    return write_bop(root, OBJECTS, INFO, scene)


def prepare(root, out, split="train", **changes):
    return prepare_bop(BopPlan(root, split, out, **changes), SilentProgress())


def files_of(out):
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("copies", [False, True])
def test_a_split_reads_the_same_as_in_its_own_layout(tmp_path, copies):
    root, out = write(tmp_path / "bop"), tmp_path / "out"
    made = prepare(root, out, copies_images=copies)
    assert (made.num_images, made.num_objects, made.num_classes) == (2, 2, 2)
    assert found(check_of(out), out) == found(check_of(root), root) == []
    first, second = index_at(root, "train"), index_at(out, "train")
    assert second.classes == first.classes
    for before, after in zip(first.records, second.records, strict=True):
        assert after.sha256 == before.sha256
        np.testing.assert_allclose(after.boxes_cxcywh, before.boxes_cxcywh, atol=1e-8)
        np.testing.assert_array_equal(after.class_indices, before.class_indices)
        assert after.poses.to_json() == before.poses.to_json()
    for index, model in survey_of(root).models.by_class.items():
        np.testing.assert_array_equal(survey_of(out).models.by_class[index].points_V3, model.points_V3)


@pytest.mark.parametrize("copies", [False, True])
def test_every_camera_of_a_scene_becomes_a_folder(tmp_path, copies):
    root, out = (
        write_cameras(tmp_path / "bop", "train/000001", {"cam1": "rgb_cam1", "cam2": "gray_cam2"}),
        tmp_path / "out",
    )
    write_mask(root / "train/000001/mask_visib_cam2/000000_000000.png", (1, 1, 10, 10))
    made = prepare(root, out, copies_images=copies)
    assert (made.num_images, made.num_objects) == (4, 2)
    names = [record.image for record in index_at(out, "train").records]
    assert names == [
        f"images/train/000001_{camera}/{number:06d}.png" for camera in ("cam1", "cam2") for number in (0, 1)
    ]
    assert [record.masks for record in index_at(out, "train").records][2] != ()


def test_images_masks_and_meshes_stay_where_they_are(tmp_path):
    root, out = write(tmp_path / "bop"), tmp_path / "out"
    prepare(root, out)
    assert json.loads((out / "dataset.json").read_text()) == {
        "format": "yolo",
        "classes": ["obj_000003", "obj_000007"],
        "category_ids": [3, 7],
        "splits": {"train": {"images_dir": "images/train", "labels_dir": "labels/train"}},
        "models_dir": str(root / "models"),
        "models_unit": "mm",
    }
    assert (out / "images/train/000001").readlink() == root / "train/000001/rgb"
    assert json.loads((out / "labels/train/000001/000000.json").read_text()) == {
        "K_gt": [100, 110, 32, 24],
        "instances": [
            {
                "R_gt": np.eye(3).tolist(),
                "t_gt": [x, 0, 0.5],
                "mask_path": str(root / f"train/000001/mask_visib/000000_{number:06d}.png"),
            }
            for number, x in enumerate((0, -0.1))
        ],
    }
    assert (out / "labels/train/000001/000000.txt").read_text() == (
        "1 0.54687500 0.59375000 0.09375000 0.18750000\n0 0.23437500 0.59375000 0.09375000 0.18750000\n"
    )
    assert not (out / "labels/train/000001/000001.txt").exists()


def test_what_is_left_out_is_noted(tmp_path):
    root = write(tmp_path / "bop")
    write_file(root / "train/000001/scene_gt_info.json", json.dumps({0: [INFO[0][0], bop_box(-1, -1, -1, -1)]}))
    made = prepare(root, tmp_path / "out")
    assert (made.num_objects, made.notes) == (1, ("nothing is visible of 1 labeled objects: they are left out",))


def test_a_copy_can_be_moved(tmp_path):
    root, out = write(tmp_path / "bop"), tmp_path / "out"
    prepare(root, out, copies_images=True)
    root.rename(tmp_path / "gone")
    out = out.rename(tmp_path / "moved")
    record = index_at(out, "train").records[0]
    assert record.masks == (
        ("masks/train/000001/000000_000000.png", None),
        ("masks/train/000001/000000_000001.png", None),
    )
    assert all((out / mask[0]).is_file() for mask in record.masks)
    assert len(survey_of(out).models.by_class) == 2


@pytest.mark.parametrize("copies", [False, True])
def test_a_second_split_extends_and_a_second_time_changes_nothing(tmp_path, copies):
    root, out = write(tmp_path / "bop"), tmp_path / "out"
    write(root, "test/000002")
    for split in ("train", "test"):
        prepare(root, out, split, copies_images=copies)
    before = files_of(out)
    assert sorted(json.loads(before["dataset.json"])["splits"]) == ["test", "train"]
    prepare(root, out, copies_images=copies)
    assert files_of(out) == before


def test_malformed_labels_are_refused_before_anything_is_written(tmp_path):
    root = write(tmp_path / "bop")
    write_file(root / "train/000001/scene_gt.json", json.dumps({0: [bop_row(9), bop_row(cam_R_m2c=[])], 9: []}))
    with pytest.raises(UsageError) as refused:
        prepare(root, tmp_path / "out")
    assert [(finding.code, finding.where.rpartition("/")[2]) for finding in refused.value.findings] == [
        ("YZ244", "scene_gt.json: 9"),
        ("YZ244", "scene_gt.json: 0[0]"),
        ("YZ244", "scene_gt.json: 0[1]"),
    ]
    assert not (tmp_path / "out").exists()


def test_what_is_no_bop_split_is_refused(tmp_path):
    with pytest.raises(InputError, match="YZ202 has no split 'val'"):
        prepare(write(tmp_path / "bop"), tmp_path / "out", "val")
    out = tmp_path / "out"
    prepare(tmp_path / "bop", out)
    with pytest.raises(InputError, match="YZ243 is not laid out as BOP's data sets"):
        prepare(out, tmp_path / "other")


def test_other_classes_or_files_are_not_written_over(tmp_path):
    root, out = write(tmp_path / "bop"), tmp_path / "out"
    prepare(root, out)
    write_file(root / "classes.txt", "cup\nduck\n")
    with pytest.raises(UsageError, match="YZ263 has other classes than the new split"):
        prepare(root, out)
    (root / "classes.txt").unlink()
    write_file(out / "labels/train/000001/000000.txt", "")
    with pytest.raises(UsageError, match=r"000000\.txt: YZ905 is there already, with other content"):
        prepare(root, out)
