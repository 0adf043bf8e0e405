"""Corrupted copies: other pixels, the same labels, whole or not at all."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from tests.data.builders import check_of, found, index_at, write_coco, write_file, write_image, write_yolo
from yolozu.data.corruption.corruption import Corruption
from yolozu.data.images import read_image
from yolozu.data.prepare.corrupted import CorruptPlan, write_corrupted
from yolozu.errors import InputError, UsageError
from yolozu.progress import SilentProgress

SNOW = Corruption("snow", 3, 1)


def make(root, out, split="train", transform=SNOW, max_images=None):
    return write_corrupted(CorruptPlan(root, split, out, transform, max_images), SilentProgress())


def refused(root, out, **changes):
    with pytest.raises((InputError, UsageError)) as error:
        make(root, out, **changes)
    return str(error.value).replace(f"{root.parent}/", "")


def cats(root):
    labels = {f"train/{name}": "0 .5 .5 .2 .2\n1 .3 .3 .1 .1\n" for name in "abc"}
    return write_yolo(root, {**labels, "train/sub/d": None, "val/e": "0 .5 .5 .2 .2\n"})


def test_pictures_are_corrupted_as_the_contract_would_and_labels_stay(tmp_path):
    root, out = cats(tmp_path / "set"), tmp_path / "out"
    assert make(root, out) == 4
    assert found(check_of(out), tmp_path) == []
    before, after = index_at(root, "train").records, index_at(out, "train").records
    assert [record.image for record in after] == [record.image for record in before]
    for was, record in zip(before, after, strict=True):
        assert np.array_equal(read_image(record.path), SNOW(read_image(was.path), was.image))
        assert record.boxes_cxcywh.tolist() == was.boxes_cxcywh.tolist()
        assert record.class_indices.tolist() == was.class_indices.tolist()
    assert json.loads((out / "dataset.json").read_text())["classes"] == ["cat", "dog"]


def test_what_was_done_is_recorded(tmp_path):
    root, out = cats(tmp_path / "set"), tmp_path / "out"
    make(root, out)
    make(root, out, "val", Corruption("fog", 5))
    source = (tmp_path / "set").as_posix()
    assert json.loads((out / "corruption.json").read_text()) == {
        "schema_version": 1,
        "splits": {
            "train": {"corruption": "snow", "severity": 3, "seed": 1, "images": 4, "source": source},
            "val": {"corruption": "fog", "severity": 5, "seed": 0, "images": 1, "source": source},
        },
    }
    assert found(check_of(out, "train", "val"), tmp_path) == []


def test_jpeg_becomes_png_and_turned_pictures_become_upright(tmp_path):
    root = tmp_path / "set"
    exif = Image.Exif()
    exif[0x0112] = 6
    write_image(root / "images/train/a.jpg", 64, 48, exif=exif)
    write_file(root / "labels/train/a.txt", "0 .5 .5 .2 .2\n")
    make(root, tmp_path / "out")
    with Image.open(tmp_path / "out/images/train/a.png") as image:
        assert (image.format, image.size) == ("PNG", (48, 64))
    assert found(check_of(tmp_path / "out"), tmp_path) == []


def test_only_the_first_images_where_so_many_are_asked_for(tmp_path):
    out = tmp_path / "out"
    assert make(cats(tmp_path / "set"), out, max_images=2) == 2
    assert sorted(path.name for path in out.rglob("*.*")) == [
        "a.png", "a.txt", "b.png", "b.txt", "corruption.json", "dataset.json",
    ]  # fmt: skip


def test_instances_files_name_the_new_pictures_and_keep_everything_else(tmp_path):
    rows = [{"id": 1, "image_id": 10, "category_id": 3, "bbox": [1, 1, 9, 9], "area": 50, "iscrowd": 1}]
    root, out = write_coco(tmp_path / "set", rows, info={"year": 2017}), tmp_path / "out"
    for path in (root / "pictures").iterdir():
        with Image.open(path) as image:
            image.save(path.with_suffix(".jpg"), "JPEG")
        path.unlink()
    instances = root / "instances.json"
    instances.write_text(instances.read_text().replace(".png", ".jpg"))
    assert make(root, out) == 2
    before, after = (
        json.loads(instances.read_text()),
        json.loads((out / "annotations/instances_train.json").read_text()),
    )
    assert [row.pop("file_name") for row in after["images"]] == ["b.png", "a.png"]
    assert [row.pop("file_name") for row in before["images"]] == ["b.jpg", "a.jpg"]
    assert after == before
    assert found(check_of(out), tmp_path) == []
    (record,) = (record for record in index_at(out, "train").records if record.path.name == "a.png")
    assert np.array_equal(read_image(record.path), SNOW(read_image(root / "pictures/a.jpg"), "pictures/a.jpg"))


@pytest.mark.slow
def test_scenes_keep_poses_masks_and_cameras(tmp_path, real_data):
    out = tmp_path / "out"
    assert make(real_data / "dino_bop", out, "test", max_images=2) == 2
    assert found(check_of(out), tmp_path) == []
    whole = {record.path.stem: record for record in index_at(real_data / "dino_bop", "test").records}
    for record in index_at(out, "test").records:
        was = whole[record.path.stem]
        assert record.poses.t_m2c_N3.tolist() == was.poses.t_m2c_N3.tolist()
        assert len(record.masks) == len(was.masks)
        assert np.array_equal(read_image(record.path), SNOW(read_image(was.path), was.image))


def test_an_image_that_cannot_be_read_leaves_nothing(tmp_path):
    root, out = cats(tmp_path / "set"), tmp_path / "out"
    (root / "images/train/b.png").write_bytes(b"no picture")
    assert "YZ207" in refused(root, out)
    assert [path for path in out.rglob("*") if path.is_file()] == []
    write_image(root / "images/train/b.png")
    assert make(root, out) == 4


def test_a_split_that_is_there_is_not_replaced(tmp_path):
    root, out = cats(tmp_path / "set"), tmp_path / "out"
    make(root, out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert refused(root, out, transform=Corruption("fog", 1)) == (
        "out/images/train: YZ213 is not empty\n  fix: name a new directory, or delete what is there"
    )
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_two_images_that_would_become_one_are_refused(tmp_path):
    root = cats(tmp_path / "set")
    shutil.copy(root / "images/train/a.png", root / "images/train/a.bmp")
    assert refused(root, tmp_path / "out") == (
        "set/a.bmp: YZ281 and another image of 'train' would both become a.png\n"
        "  fix: rename one of them, with its labels\n"
        "set/a.png: YZ281 and another image of 'train' would both become a.png\n"
        "  fix: rename one of them, with its labels"
    )
    assert not (tmp_path / "out").exists()


def test_names_that_lead_elsewhere_are_written_inside(tmp_path):
    root, out = write_coco(tmp_path / "set", []), tmp_path / "deep/out"
    shutil.move(root / "pictures/a.png", root / "a.png")
    instances = root / "instances.json"
    instances.write_text(instances.read_text().replace('"a.png"', '"../a.png"'))
    before = (root / "a.png").read_bytes()
    make(root, out)
    assert (root / "a.png").read_bytes() == before
    assert sorted(path.name for path in (out / "images/train").iterdir()) == ["a.png", "b.png"]


def test_the_same_plan_gives_the_same_files(tmp_path):
    root = cats(tmp_path / "set")
    make(root, tmp_path / "one")
    make(root, tmp_path / "two")
    one, two = (
        {path.relative_to(tmp_path / name).as_posix(): path.read_bytes() for path in (tmp_path / name).rglob("*.*")}
        for name in ("one", "two")
    )
    assert one == two
