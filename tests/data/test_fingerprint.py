from __future__ import annotations

import os

import pytest

from tests.data.builders import (
    bop_box,
    bop_row,
    write_bop,
    write_coco,
    write_file,
    write_image,
    write_mask,
    write_sidecar,
    write_yolo,
)
from tests.data.tars import pack_split, write_tar
from yolozu.artifacts import packed_files
from yolozu.artifacts.digest import DigestCache
from yolozu.contract.sections.data import DatasetSection
from yolozu.data.fingerprint import fingerprint
from yolozu.errors import InputError

LABELS = {"train/a": "0 .5 .5 .1 .1", "val/b": None, "test/c": None}


def digest(root, cache=None, **keys):
    section = DatasetSection(dataset_root=str(root), **keys)
    return fingerprint(str(root), section.used_splits, DigestCache(None) if cache is None else cache)


def test_all_files_of_the_used_splits_count(tmp_path):
    found = digest(write_yolo(tmp_path, LABELS))
    files = ["classes.txt", "images/train/a.png", "labels/train/a.txt", "images/val/b.png"]
    assert found["files"] == len(files)
    assert found["bytes"] == sum((tmp_path / name).stat().st_size for name in files)
    assert found["dataset_root"] == str(tmp_path)


@pytest.mark.parametrize(
    "name", ["classes.txt", "labels/train/a.txt", "labels/train/a.json", "labels/val/b.txt", "data.yaml"]
)
def test_other_content_is_another_digest(tmp_path, name):
    before = digest(write_yolo(tmp_path, LABELS))
    write_file(tmp_path / name, "0 .5 .5 .2 .2")
    assert digest(tmp_path)["digest"] != before["digest"]


def test_another_image_is_another_digest(tmp_path):
    before = digest(write_yolo(tmp_path, LABELS))
    write_image(tmp_path / "images/val/b.png", seed=99)
    assert digest(tmp_path)["digest"] != before["digest"]


def test_unused_splits_and_foreign_files_do_not_count(tmp_path):
    before = digest(write_yolo(tmp_path, LABELS))
    write_image(tmp_path / "images/test/c.png", seed=99)
    write_file(tmp_path / "README.md", "hello")
    write_file(tmp_path / "images/train/.thumbs.png", "hello")
    assert digest(tmp_path) == before
    assert digest(tmp_path, predict_split="test") != before


def test_without_class_names_the_labels_of_all_splits_count(tmp_path):
    before = digest(write_yolo(tmp_path, LABELS, classes=None))
    write_file(tmp_path / "labels/test/c.txt", "7 .5 .5 .2 .2")
    assert digest(tmp_path)["digest"] != before["digest"]


def test_touching_reads_again_and_changes_nothing(tmp_path):
    with DigestCache(tmp_path / "digests.sqlite") as cache:
        before = digest(write_yolo(tmp_path / "set", LABELS), cache)
        os.utime(tmp_path / "set/images/train/a.png", (1, 1))
        assert digest(tmp_path / "set", cache) == before


def test_an_instances_file_counts(tmp_path):
    before = digest(write_coco(tmp_path, []), split="train", val_split="train")
    assert before["files"] == 4
    write_file(tmp_path / "instances.json", "{}")
    assert digest(tmp_path, split="train", val_split="train")["digest"] != before["digest"]


MASKED = {"mask_path": "masks/a.png"}


def test_masks_that_sidecars_name_count_from_when_they_are_there(tmp_path):
    root = write_yolo(tmp_path / "set", LABELS)
    write_sidecar(root, "train/a", MASKED)
    with DigestCache(tmp_path / "digests.sqlite") as cache:
        without = digest(root, cache)
    write_mask(root / "masks/a.png", (0, 0, 9, 9))
    with DigestCache(tmp_path / "digests.sqlite") as cache:
        first = digest(root, cache)
    write_mask(root / "masks/a.png", (0, 0, 8, 9))
    with DigestCache(tmp_path / "digests.sqlite") as cache:
        second = digest(root, cache)
    assert len({found["digest"] for found in (without, first, second)}) == 3
    assert (without["files"], first["files"]) == (5, 6)


@pytest.mark.parametrize("text", ["", "7", '[7, {"mask_path": 7}, {"mask_path": ""}]', '{"instances": 7}'])
def test_sidecars_that_are_malformed_name_no_masks(tmp_path, text):
    root = write_yolo(tmp_path, LABELS)
    write_file(root / "labels/train/a.json", text)
    assert digest(root)["files"] == 5


@pytest.mark.parametrize(
    "name",
    [
        "models/obj_000003.ply",
        "models/models_info.json",
        "train/000001/scene_gt.json",
        "train/000001/scene_gt_info.json",
        "train/000001/scene_camera.json",
        "train/000001/mask_visib/000000_000000.png",
        "train/000001/rgb/000000.png",
    ],
)
def test_every_file_of_scenes_and_models_counts(tmp_path, name):
    root = write_bop(tmp_path, {0: [bop_row()]}, {0: [bop_box(1, 1, 9, 9)]})
    write_mask(root / "train/000001/mask_visib/000000_000000.png", (0, 0, 9, 9))
    before = digest(root, val_split="train")
    assert before["files"] == 9
    write_file(root / name, "other")
    assert digest(root, val_split="train")["digest"] != before["digest"]


@pytest.mark.parametrize(("names", "counts"), [("names: [cat]", False), ("nc: 1", False), ("names:", True)])
def test_labels_of_other_splits_count_where_a_data_yaml_of_any_name_names_no_classes(tmp_path, names, counts):
    root = write_yolo(tmp_path, LABELS, classes=None)
    write_file(root / "mine.yaml", f"train: images/train\nval: images/val\ntest: images/test\n{names}\n")
    before = digest(root / "mine.yaml")
    write_file(root / "labels/test/c.txt", "3 .5 .5 .1 .1")
    assert (digest(root / "mine.yaml")["digest"] != before["digest"]) is counts


@pytest.mark.parametrize("name", ["data.yaml", "train.txt", "images/a/1.png", "labels/a/1.txt", "labels/a/1.json"])
def test_every_file_that_a_data_yaml_leads_to_counts(tmp_path, name):
    root = write_yolo(tmp_path, {"a/1": "0 .5 .5 .1 .1", "b/2": None}, classes=None)
    write_file(root / "data.yaml", "train: train.txt\nval: images/b\nnames: [cat]")
    write_file(root / "train.txt", "./images/a/1.png\n")
    before = digest(root / "data.yaml")
    assert before["files"] == 5
    write_file(root / name, {"data.yaml": "train: train.txt\nval: images/b"}.get(name, "./images/b/2.png"))
    assert digest(root / "data.yaml")["digest"] != before["digest"]


def test_rendered_scenes_have_no_files():
    found = fingerprint("synthetic", ["train", "val"], DigestCache(None))
    assert (found["dataset_root"], found["files"], found["bytes"]) == ("synthetic", 0, 0)
    assert found == fingerprint("synthetic", ["other"], DigestCache(None))


def test_missing_data_and_missing_splits_are_refused(tmp_path):
    with pytest.raises(InputError, match="YZ201"):
        digest(tmp_path / "nowhere")
    with pytest.raises(InputError, match="YZ202 has no split 'valid'"):
        digest(write_yolo(tmp_path, LABELS), val_split="valid")


FOUR = ("a/1", "a/2", "b/3", "c/4")
POSE_FILES = {
    **{f"images/{name}.jpg": name for name in ("train/a", "train/b c", "val/ä", "test/z")},
    **{f"labels/{name}.txt": "0 .5 .5 .1 .1\n" for name in ("train/a", "train/b c", "val/ä", "test/z")},
    "labels/train/a.json": '[{"mask_path": "masks/a.png"}, {"mask_path": "./masks/a.png"}, {"mask_path": "no.png"}]',
    "masks/a.png": "m",
    "images/train/sub.dir/x.PNG": "x",
    "images/train/.h.png": "x",
}
DESCRIBED_FILES = {
    **{f"images/{name}.jpg": name for name in FOUR},
    **{f"labels/{name}.txt": "0 .5 .5 .1 .1\n" for name in FOUR},
    "data.yaml": "train: [images/a, l.txt]\nval: [images/b, images/c]\ntest: images/c\n",
    "l.txt": "./images/a/1.jpg\nimages/c/4.jpg\nimages/no.jpg\n",
}
SCENES = ("train/000001", "train/000002")
SCENE_FILES = {
    **{f"{scene}/{name}.json": "{}" for scene in SCENES for name in ("scene_camera", "scene_gt")},
    **{
        f"{scene}/{name}": f"{scene}{number}"
        for scene in SCENES
        for number in range(3)
        for name in (f"rgb/{number:06}.png", f"mask_visib/{number:06}_000000.png")
    },
    **{f"{scene}/rgb/x.png": "x" for scene in SCENES},
    "models/obj_000001.ply": "p",
    "models/models_info.json": "{}",
}


KNOWN = {
    ("poses", "", "train val"): ("c0b8bd00b0087a7b21706d939ff83e47d8bc74a237258062382ffbe478087219", 12, 174),
    ("poses", "", "train"): ("c20e006424cac77ceda1617d6fe4d0334449c86387801a3d504a31997607915d", 11, 168),
    ("described", "", "train val"): ("63aab52c173d9fa5dbf2488764cccfb19511b878d1d503eeb7b17b1f408ced27", 10, 180),
    ("described", "data.yaml", "train test"): (
        "2967ba019aa0bc9530b6e2e7f1f7540dba2747462e4dbedb3ee0123e166da88a", 9, 177,
    ),
    ("scenes", "", "train"): ("641b7f40ad9e82746607667f16535beedbb4d4b5918bc17df0b7f2fd5a7f71b8", 18, 167),
}  # fmt: skip


@pytest.mark.parametrize(("known", "wanted"), KNOWN.items())
def test_data_sets_keep_the_digests_that_finished_runs_know(tmp_path, known, wanted):
    kind, root, splits = known
    for name, text in {"poses": POSE_FILES, "described": DESCRIBED_FILES, "scenes": SCENE_FILES}[kind].items():
        write_file(tmp_path / name, text)
    if kind == "poses":
        (tmp_path / "images/train/gone.png").symlink_to("nowhere")
        (tmp_path / "images/train/link").symlink_to(tmp_path / "images/test")
    found = fingerprint(str(tmp_path / root), splits.split(), DigestCache(None))
    assert (found["digest"], found["files"], found["bytes"]) == wanted


def test_of_pictures_in_tar_files_the_tar_files_count_and_none_is_opened_twice(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_yolo(tmp_path, {f"train/{number}": "0 .5 .5 .1 .1" for number in range(4)} | {"val/b": None})
    pack_split(tmp_path, "train")
    with DigestCache(tmp_path / "cache") as cache:
        before = digest(tmp_path, cache)
        assert before["files"] == len(["classes.txt", "train-000000.tar", "train-000001.tar", "val/b.png"])
        monkeypatch.setattr(packed_files, "_members", None)
        monkeypatch.setattr(packed_files, "_open_tar", None)
        assert digest(tmp_path, cache) == before
    monkeypatch.undo()
    write_tar(tmp_path / "images/train/train-000001.tar", {"3.txt": b""})
    assert digest(tmp_path)["digest"] != before["digest"]


def test_masks_that_sidecars_in_tar_files_name_count(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_yolo(tmp_path, {"train/a": "0 .5 .5 .1 .1", "val/b": None})
    write_sidecar(tmp_path, "train/a", {"mask_path": "masks/a.png"})
    write_mask(tmp_path / "masks/a.png", (0, 0, 9, 9))
    pack_split(tmp_path, "train", shards=1)
    assert digest(tmp_path)["files"] == len(["classes.txt", "train-000000.tar", "masks/a.png", "val/b.png"])
