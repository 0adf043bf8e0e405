"""Subsets: the same images every time, with everything that belongs to them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.data.builders import check_of, found, index_at, write_cameras, write_file, write_image, write_yolo
from yolozu.artifacts.digest import DigestCache
from yolozu.data.prepare.subset import SubsetPlan, subset
from yolozu.errors import InputError, UsageError

NAMES = [f"{number:02d}" for number in range(20)]


def write_set(root, **changes):
    """Twenty images of cats (even) and dogs (every tenth), and a held-out one."""
    labels = {f"train/{name}": f"{int(int(name) % 10 == 9)} .5 .5 .2 .2\n" for name in NAMES}
    return write_yolo(root, {**labels, "val/x": None}, **changes)


def make(root, out, split="train", **changes):
    return subset(SubsetPlan(root, split, out, seed=changes.pop("seed", 0), **changes), DigestCache(None))


def chosen_in(out, split="train"):
    return [row["image"] for row in json.loads((out / "subset.json").read_text())["splits"][split]["images"]]


def refused(root, out, **changes):
    with pytest.raises((InputError, UsageError)) as error:
        make(root, out, **changes)
    return str(error.value).replace(f"{root.parent}/", "")


def test_the_chosen_images_are_linked_to_and_labeled(tmp_path):
    root, out = write_set(tmp_path / "set"), tmp_path / "out"
    made = make(root, out, count=6)
    assert (made.num_images, made.num_available, made.num_objects) == (6, 20, 6)
    names = chosen_in(out)
    assert sorted(path.name for path in (out / "images/train").iterdir()) == names
    assert (out / "images/train" / names[0]).readlink() == root / "images/train" / names[0]
    assert found(check_of(out), tmp_path) == []
    document = json.loads((out / "dataset.json").read_text())
    assert (document["classes"], document["splits"]) == (
        ["cat", "dog"],
        {"train": {"images_dir": "images/train", "labels_dir": "labels/train"}},
    )


def test_the_digest_is_one_of_names_and_contents(tmp_path):
    root = write_set(tmp_path / "set")
    first = make(root, tmp_path / "a", count=6)
    shutil.copytree(root, tmp_path / "moved")
    assert make(tmp_path / "moved", tmp_path / "b", count=6).sha256 == first.sha256
    assert json.loads((tmp_path / "a/subset.json").read_text()) == json.loads((tmp_path / "b/subset.json").read_text())
    name = chosen_in(tmp_path / "a")[0].removesuffix(".png")
    write_file(tmp_path / "moved/labels/train" / f"{name}.txt", "1 .5 .5 .1 .1\n")
    changed = make(tmp_path / "moved", tmp_path / "c", count=6).sha256
    write_image(tmp_path / "moved/images/train" / f"{name}.png", seed=99)
    assert len({first.sha256, changed, make(tmp_path / "moved", tmp_path / "d", count=6).sha256}) == 3


def test_making_it_again_changes_nothing(tmp_path):
    root, out = write_set(tmp_path / "set"), tmp_path / "out"
    make(root, out, count=6)
    before = {path: path.lstat().st_mtime_ns for path in out.rglob("*")}
    make(root, out, count=6)
    assert {path: path.lstat().st_mtime_ns for path in out.rglob("*")} == before


def test_another_choice_in_its_place_is_refused(tmp_path):
    root, out = write_set(tmp_path / "set"), tmp_path / "out"
    make(root, out, count=6)
    assert refused(root, out, count=7) == (
        "out/subset.json: YZ905 holds another 'train'\n  fix: move it away, or name another --out"
    )
    write_file(out / "subset.json", "[]")
    assert "YZ905" in refused(root, out, count=7)


def test_a_second_split_extends_it(tmp_path):
    root, out = write_set(tmp_path / "set"), tmp_path / "out"
    make(root, out, fraction=0.3)
    make(root, out, "val", fraction=1.0)
    assert (len(chosen_in(out)), chosen_in(out, "val")) == (6, ["x.png"])
    assert found(check_of(out, "train", "val"), tmp_path) == []


def test_classes_that_nothing_names_stay_as_many_as_they_were(tmp_path):
    root = write_set(tmp_path / "set", classes=None)
    write_file(root / "labels/val/x.txt", "4 .5 .5 .1 .1\n")
    make(root, tmp_path / "out", count=1)
    assert json.loads((tmp_path / "out/dataset.json").read_text())["classes"] == [f"class_{n}" for n in range(5)]


@pytest.mark.parametrize(("plan", "number"), [({"fraction": 0.01}, 1), ({"fraction": 0.5}, 10), ({"per_class": 2}, 4)])
def test_counts_follow_from_the_plan(tmp_path, plan, number):
    assert make(write_set(tmp_path / "set"), tmp_path / "out", **plan).num_images == number


def test_counts_that_cannot_be_had_are_refused(tmp_path):
    root = write_set(tmp_path / "set")
    assert refused(root, tmp_path / "out", count=21) == (
        "set: train: YZ270 has 20 images, 21 were asked for\n  fix: ask for fewer"
    )
    assert refused(root, tmp_path / "out", count=3, per_class=2) == (
        "set: train: YZ270 2 images of each class are 4 images, 3 were asked for\n"
        "  fix: ask for 4 or more, or for fewer of each class"
    )
    assert not (tmp_path / "out").exists()


def test_a_missing_split_is_named(tmp_path):
    assert "YZ202 has no split 'test'" in refused(write_set(tmp_path / "set"), tmp_path / "out", split="test", count=1)


@pytest.mark.slow
def test_pose_data_keeps_poses_masks_and_cameras(tmp_path, empty_project):
    root, out = empty_project.root / "scenes", tmp_path / "out"
    make(root, out, count=3)
    whole = {record.path.resolve(): record for record in index_at(root, "train").records}
    for record in index_at(out, "train").records:
        other = whole[record.path.resolve()]
        assert record.poses is not None
        assert other.poses is not None
        assert record.poses.R_m2c_N33.tolist() == other.poses.R_m2c_N33.tolist()
        assert record.poses.t_m2c_N3.tolist() == other.poses.t_m2c_N3.tolist()
        assert [mask[0] for mask in record.masks] == [str(root.resolve() / mask[0]) for mask in other.masks]
    assert found(check_of(out), tmp_path) == []


def test_real_scenes_become_scenes(tmp_path, real_data):
    made = make(real_data / "dino_bop", tmp_path / "out", count=5)
    assert (made.num_images, made.num_available) == (5, 303)
    assert found(check_of(tmp_path / "out"), tmp_path) == []
    records = index_at(tmp_path / "out", "train").records
    assert all(record.poses is not None and record.masks for record in records)


def test_scenes_of_several_cameras_with_padded_ids_keep_their_labels(tmp_path):
    root = write_cameras(tmp_path / "bop", "train/000001", {"cam1": "rgb_cam1", "cam2": "gray_cam2"})
    for path in root.glob("train/000001/*.json"):
        rows = json.loads(path.read_text())
        path.write_text(json.dumps({f"{int(key):06d}": row for key, row in rows.items()}))
    make(root, tmp_path / "out", count=4)
    boxes = {
        Path(record.image).parent.name: record.boxes_cxcywh.tolist()
        for record in index_at(tmp_path / "out", "train").records
        if len(record.class_indices)
    }
    assert boxes == {
        Path(record.image).parent.name: record.boxes_cxcywh.tolist()
        for record in index_at(root, "train").records
        if len(record.class_indices)
    }
    assert sorted(boxes) == ["gray_cam2", "rgb_cam1"]


def test_the_choice_does_not_depend_on_the_format_of_labels(tmp_path, real_data):
    entry = {
        "images_dir": str(real_data / "coco128/images/train2017"),
        "instances_json": str(real_data / "coco128/annotations/instances_train2017.json"),
    }
    write_file(tmp_path / "coco/dataset.json", json.dumps({"splits": {"train2017": entry}}))
    make(tmp_path / "coco", tmp_path / "a", "train2017", count=9)
    make(real_data / "coco128", tmp_path / "b", "train2017", count=9)
    assert chosen_in(tmp_path / "a", "train2017") == chosen_in(tmp_path / "b", "train2017")
    assert found(check_of(tmp_path / "a"), tmp_path) == []
    assert len(json.loads((tmp_path / "a/dataset.json").read_text())["category_ids"]) == 80
