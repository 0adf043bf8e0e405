"""A data set in tar files is the data set in a folder, record by record."""

import json
from dataclasses import fields

import numpy as np
import pytest

from tests.data.builders import (
    IDENTITY,
    index_at,
    write_bop,
    write_coco,
    write_file,
    write_image,
    write_mask,
    write_sidecar,
    write_yolo,
)
from tests.data.test_dataset import assert_equal, batches
from yolozu.artifacts.packed_files import read_bytes
from yolozu.data.images import read_image
from yolozu.data.prepare.tar_shards import ShardPlan, read_order, write_shards
from yolozu.errors import InputError, UsageError
from yolozu.progress import SilentProgress

BOX = "0 0.5 0.5 0.5 0.5\n"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def folder(tmp_path):
    """Pictures in two folders: with a mask and a pose, without a label file, with something beside it."""
    labels = {f"train/{name}": BOX for name in ("b/3", "a", "b/1", "c")}
    root = write_yolo(tmp_path / "set", {**labels, "train/d": None, "val/x": BOX})
    write_mask(root / "masks/a.png", (16, 12, 48, 36), 7)
    write_sidecar(
        root, "train/a", {"R_gt": IDENTITY, "t_gt": [0, 0, 1], "mask_path": "masks/a.png", "mask_value": 7},
        K_gt=[100, 100, 32, 24],
    )  # fmt: skip
    write_file(root / "images/train/c.npy", "beside")
    return root


def shard(root, out="out", splits=(), **keys):
    return write_shards(ShardPlan(root, root.parent / out, splits, **{"most_bytes": 1 << 40, **keys}), SilentProgress())


def told(record):
    """What a record says, but for its names; its picture by content."""
    rows = {field.name: getattr(record, field.name) for field in fields(record)}
    for name in ("image", "path", "masks", "sha256"):
        rows.pop(name)
    return repr({**rows, "pixels": read_image(record.path).tobytes()})


def assert_same_records(first, second):
    assert [told(record) for record in first.records] == [told(record) for record in second.records]
    for one, other in zip(first.records, second.records, strict=True):
        assert [None if mask is None else mask[1] for mask in one.masks] == [
            None if mask is None else mask[1] for mask in other.masks
        ]


@pytest.mark.parametrize("most", [1, 2, None])
def test_records_are_those_of_the_folder_one_by_one(folder, most):
    done = shard(folder, most_images=most)
    assert [(one.split, one.num_images, one.num_shards) for one in done] == [
        ("train", 5, {1: 5, 2: 3, None: 1}[most]),
        ("val", 1, 1),
    ]
    for split in ("train", "val"):
        assert_same_records(index_at(folder, split), index_at(folder.parent / "out", split))


def test_training_gets_the_same_batches(folder):
    shard(folder, most_images=2)
    assert_equal(batches(index_at(folder.parent / "out", "train"), 0), batches(index_at(folder, "train"), 0))


def test_masks_and_what_lies_beside_come_along(folder):
    shard(folder, most_images=1)
    out = folder.parent / "out"
    mask = "images/train/train-000000.tar/a.mask.0.png"
    sidecar = json.loads(read_bytes(out / "images/train/train-000000.tar/a.json"))
    assert sidecar["instances"][0]["mask_path"] == mask
    assert read_bytes(out / mask) == (folder / "masks/a.png").read_bytes()
    assert read_bytes(out / "images/train/train-000003.tar/c.npy") == b"beside"


def test_a_tar_file_has_no_more_bytes_than_asked_for(folder):
    (one,) = shard(folder, splits=("train",), most_bytes=1)
    assert one.num_shards == 5
    (two,) = shard(folder, "two", splits=("train",), most_bytes=26_000)
    assert 1 < two.num_shards < 5


def test_the_same_plan_gives_the_same_bytes(folder):
    for out in ("one", "two"):
        shard(folder, out, most_images=2, seed=3)
    files = [sorted(path for path in (folder.parent / out).rglob("*") if path.is_file()) for out in ("one", "two")]
    assert [path.read_bytes() for path in files[0]] == [path.read_bytes() for path in files[1]]


def names_in(root):
    return [record.image.rpartition("/")[2] for record in index_at(root, "train").records]


def test_a_seed_draws_an_order_and_a_list_gives_one(folder):
    shard(folder, "drawn", splits=("train",), seed=0)
    drawn = names_in(folder.parent / "drawn")
    assert drawn == ["000000-c.png", "000001-3.png", "000002-1.png", "000003-a.png", "000004-d.png"]
    order = write_file(folder.parent / "order.txt", "d.png\nb/3.png\n\nb/1.png\na.png\nc.png\n")
    shard(folder, "given", splits=("train",), order=read_order(order), most_images=2)
    assert [name[7:] for name in names_in(folder.parent / "given")] == ["d.png", "3.png", "1.png", "a.png", "c.png"]


@pytest.mark.parametrize("names", [["a.v2", "a.v3"], ["a b", "c"], ["a!", "a"]])
def test_names_that_tar_files_cannot_tell_apart_are_numbered(tmp_path, names):
    root = write_yolo(tmp_path / "set", {f"train/{name}": BOX for name in names})
    write_image(root / f"images/train/{names[0]}.jpg", seed=9)
    shard(root)
    assert all(name[:6].isdecimal() for name in names_in(tmp_path / "out"))
    assert_same_records(index_at(root, "train"), index_at(tmp_path / "out", "train"))


def test_coco_names_its_pictures_in_tar_files(tmp_path):
    rows = [{"id": 1, "image_id": 10, "category_id": 7, "bbox": [1, 2, 20, 10], "iscrowd": 0, "area": 200}]
    root = write_coco(tmp_path / "set", rows)
    shard(root, most_images=1)
    first, second = index_at(root, "train"), index_at(tmp_path / "out", "train")
    assert_same_records(first, second)
    assert np.array_equal(second.records[1].boxes_cxcywh, first.records[1].boxes_cxcywh)
    assert second.records[0].image == "images/train/train-000000.tar/a.png"


def test_tar_files_are_packed_anew(folder):
    shard(folder, most_images=2)
    shard(folder.parent / "out", "again", most_images=3)
    assert_same_records(index_at(folder, "train"), index_at(folder.parent / "again", "train"))


def problems(error):
    return [(finding.code, finding.problem) for finding in error.value.findings]


def test_what_tar_files_cannot_hold_is_refused(tmp_path):
    root = write_bop(tmp_path / "bop", {0: [], 1: []})
    with pytest.raises(UsageError) as caught:
        shard(root)
    assert problems(caught) == [("YZ746", "has bop labels, which tar files cannot hold")]
    assert not (tmp_path / "out").exists()


def test_splits_of_other_classes_are_refused(tmp_path):
    root = write_coco(tmp_path / "set", [])
    document = json.loads((root / "dataset.json").read_text())
    instances = root / document["splits"]["train"]["instances_json"]
    other = {**json.loads(instances.read_text()), "categories": [{"id": 3, "name": "cow"}]}
    write_file(root / "other.json", json.dumps(other))
    document["splits"]["val"] = {**document["splits"]["train"], "instances_json": "other.json"}
    for key in ("classes", "category_ids"):
        document.pop(key, None)
    write_file(root / "dataset.json", json.dumps(document))
    with pytest.raises(UsageError) as caught:
        shard(root)
    problem = "has other classes than train, and one dataset.json names those of both"
    assert problems(caught) == [("YZ746", problem)]
    assert len(shard(root, splits=("val",))) == 1


def test_an_order_names_every_picture_once(folder):
    with pytest.raises(UsageError) as caught:
        shard(folder, splits=("train",), order=("a.png", "a.png", "z.png"))
    assert problems(caught) == [
        ("YZ747", "is named twice"),
        ("YZ747", "is no picture of the split"),
        ("YZ747", "lacks 4 of 5 pictures: b/1.png, b/3.png, c.png …"),
    ]
    with pytest.raises(UsageError) as caught:
        shard(folder, order=("a.png",))
    assert problems(caught) == [("YZ747", "is of one split, and these are train, val")]
    with pytest.raises(InputError, match="YZ747 cannot be read"):
        read_order(folder / "none.txt")


def test_a_directory_that_holds_something_is_not_touched(folder):
    write_file(folder.parent / "out/mine.txt", "mine")
    with pytest.raises(UsageError, match="YZ905 is there already, and holds something"):
        shard(folder)
    assert [path.name for path in (folder.parent / "out").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("described", ["data.yaml", "dataset.json"])
def test_a_pattern_names_some_of_the_tar_files(folder, described):
    shard(folder, most_images=1)
    out = folder.parent / "out"
    pattern = "images/train/train-{000000..000002}.tar"
    if described == "data.yaml":
        (out / "dataset.json").unlink()
        root = write_file(out / "data.yaml", f"train: {pattern}\nnames: [cat, dog]\n")
    else:
        document = json.loads((out / "dataset.json").read_text())
        document["splits"]["train"] = {"images_dir": pattern, "labels_dir": pattern}
        root = write_file(out / "dataset.json", json.dumps(document)).parent
    assert names_in(root) == ["a.png", "1.png", "3.png"]
    (out / "images/train/train-000001.tar").unlink()
    (out / "images/train/train-000002.tar").unlink()
    with pytest.raises(InputError) as caught:
        index_at(root, "train")
    problem = "is no tar file (missing, too: train-000002.tar), but split 'train' is there"
    assert problems(caught) == [("YZ202", problem)]


def test_a_pattern_whose_labels_lie_elsewhere_is_refused(folder):
    pattern = "images/train/train-{0..2}.tar"
    splits = {"train": {"images_dir": pattern, "labels_dir": "labels/train"}}
    write_file(folder / "dataset.json", json.dumps({"splits": splits}))
    with pytest.raises(InputError, match="YZ748 names tar files by a pattern, and labels or a list lie elsewhere"):
        index_at(folder, "train")
