"""Images of a replay buffer beside those of a training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.data.builders import bop_box, bop_row, index_at, write_bop, write_coco, write_mask, write_yolo
from tests.training.tiny import PREPROCESS, make_index
from yolozu.artifacts.meshes import ObjectModel, ObjectModels
from yolozu.artifacts.replay_buffer import BufferedImage, ReplayBuffer
from yolozu.contract.sections.data import AugmentSection
from yolozu.data.augmentation.masks import MaskStore
from yolozu.data.collate import collate
from yolozu.data.dataset import TrainingImages
from yolozu.data.images import read_image
from yolozu.data.replay import Replayed, copied_record, joined, joined_classes, joined_models, with_classes
from yolozu.errors import InputError
from yolozu.structures.classes import ClassTable


def model(diameter):
    return ObjectModel(np.zeros((0, 3)), diameter)


def buffer_in(directory, index, models=None):
    """A buffer of copies of an index's images, without stored outputs."""
    directory.mkdir()
    records = tuple(copied_record(record, index.root, directory, number) for number, record in enumerate(index.records))
    made = replace(index, root=directory, split="replay", records=records, root_base="index")
    made.write(directory / "index.json")
    (ObjectModels() if models is None else models).write(directory / "models.json")
    rows = [
        BufferedImage(
            image=copy.image, name=record.image, sha256=copy.sha256, task=0, derpp_teacher_npz="", teacher_sha256=""
        )
        for copy, record in zip(records, index.records, strict=True)
    ]  # fmt: skip
    ReplayBuffer(tasks=1, seen=len(rows), capacity=len(rows), images=rows).write(directory)
    return Replayed.read(directory)


def test_classes_are_joined_by_name_and_ids_do_not_repeat():
    assert joined_classes(ClassTable(("a", "b"), (1, 7)), ClassTable(("c", "b", "d"), (7, 1, 9))) == ClassTable(
        ("a", "b", "c", "d"), (1, 7, 8, 9)
    )


def test_objects_keep_their_class_by_name(tmp_path):
    index = make_index(tmp_path / "set", "train", 4, seed=0)
    table = ClassTable(("blue", "green", "red"), (5, 6, 8))
    mapped = with_classes(index, table, where="here")
    for before, after in zip(index.records, mapped.records, strict=True):
        names = [index.classes.names[number] for number in before.class_indices]
        assert [table.names[number] for number in after.class_indices] == names


def test_a_class_that_the_training_lacks_is_an_error_and_one_without_objects_is_none(tmp_path):
    index = make_index(tmp_path / "set", "train", 4, seed=0)
    wider = replace(index, classes=ClassTable(("red", "blue", "unused"), (1, 7, 8)))
    assert len(with_classes(wider, index.classes, where="here")) == 4
    with pytest.raises(InputError, match="here: YZ552 shows objects of classes that the training does not have: blue"):
        with_classes(index, ClassTable(("red",), (1,)), where="here")


def test_labels_tell_nothing_of_classes_that_came_later(tmp_path):
    """And of those that were not labeled when the image was stored."""
    index = make_index(tmp_path / "set", "train", 2, seed=0)
    known, again = (
        with_classes(index, ClassTable(names, (1, 2)), where="") for names in (("blue", "red"), ("red", "blue"))
    )
    assert {record.labeled_classes for record in (*known.records, *again.records)} == {None}
    wider = ClassTable(("new", "blue", "red"), (1, 2, 3))
    assert {record.labeled_classes for record in with_classes(index, wider, where="").records} == {(1, 2)}
    only_red = replace(index, records=tuple(replace(record, labeled_classes=(0,)) for record in index.records))
    assert {record.labeled_classes for record in with_classes(only_red, wider, where="").records} == {(2,)}


def test_joined_images_lie_where_they_are_and_models_are_of_both(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    train = make_index(tmp_path / "set", "train", 3, seed=0)
    old = make_index(tmp_path / "old", "train", 2, seed=1)
    models = ObjectModels({0: model(1.0), 1: model(2.0)})
    replayed = buffer_in(tmp_path / "buffer", replace(old, classes=ClassTable(("blue", "red"), (1, 2))), models)
    index, shapes = joined(train, ObjectModels({0: model(5.0)}), replayed)
    assert (len(index), index.classes, index.root) == (5, train.classes, train.root)
    assert [record.path for record in index.records[3:]] == [
        tmp_path / "buffer/images/00000000.png", tmp_path / "buffer/images/00000001.png",
    ]  # fmt: skip
    assert all(record.image == str(record.path) for record in index.records[3:])
    assert {number: shape.diameter for number, shape in shapes.by_class.items()} == {0: 5.0, 1: 1.0}


def test_models_of_classes_that_are_not_in_the_table_are_left_out():
    found = joined_models(ObjectModels(), ObjectModels({0: model(1.0)}), ClassTable(("x",), (1,)), ClassTable((), ()))
    assert found.by_class == {}


def test_files_are_copied_with_their_masks_under_names_of_their_own(tmp_path):
    train = make_index(tmp_path / "set", "train", 2, seed=0)
    outside = tmp_path / "far.PNG"
    outside.write_bytes(train.records[0].path.read_bytes())
    (tmp_path / "set/masks").mkdir()
    Image.new("L", (64, 64)).save(tmp_path / "set/masks/0.png")
    count = len(train.records[0].class_indices)
    record = replace(train.records[0], image=str(outside), path=outside, masks=(("masks/0.png", 1),) * count, number=17)
    copy = copied_record(record, train.root, tmp_path / "buffer", 42)
    assert (copy.image, copy.number) == ("images/00000042.png", None)
    assert copy.masks == (("masks/00000042-0.png", 1),) * count
    assert (tmp_path / "buffer" / copy.image).read_bytes() == outside.read_bytes()
    assert (tmp_path / "buffer/masks/00000042-0.png").is_file()


def test_an_image_that_has_changed_since_is_refused(tmp_path):
    train = make_index(tmp_path / "set", "train", 1, seed=0)
    train.records[0].path.write_bytes(b"other")
    with pytest.raises(InputError, match="YZ211 has changed since the data was prepared"):
        copied_record(train.records[0], train.root, tmp_path / "buffer", 0)


def test_a_damaged_buffer_is_an_error(tmp_path):
    buffer_in(tmp_path / "buffer", make_index(tmp_path / "set", "train", 2, seed=0))
    (tmp_path / "buffer/models.json").write_text("{}")
    with pytest.raises(InputError, match="YZ550 holds no object models"):
        Replayed.read(tmp_path / "buffer")
    ObjectModels().write(tmp_path / "buffer/models.json")
    ReplayBuffer(tasks=1, seen=2, capacity=2, images=[]).write(tmp_path / "buffer")
    with pytest.raises(InputError, match=r"YZ550 its index and its buffer\.json name other images"):
        Replayed.read(tmp_path / "buffer")


def yolo(root):
    return write_yolo(root, {"train/a": "0 .2 .5 .2 .2\n1 .5 .5 .2 .2\n", "train/deep/b": "1 .5 .5 .2 .2\n"})


def coco(root):
    boxes = [(10, 3, [1, 2, 10, 12]), (10, 7, [20, 20, 9, 9]), (20, 7, [5, 5, 20, 20])]
    rows = [
        {
            "id": number,
            "image_id": image,
            "category_id": category,
            "bbox": box,
            "area": 7.0,
            "iscrowd": int(number == 1),
        }
        for number, (image, category, box) in enumerate(boxes)
    ]
    return write_coco(root, rows)


def bop(root):
    write_mask(root / "train/000001/mask_visib/000000_000000.png", (8, 12, 24, 36))
    write_mask(root / "train/000001/mask_visib/000000_000001.png", (30, 12, 44, 36))
    return write_bop(root, {0: [bop_row(), bop_row(3)], 1: []}, {0: [bop_box(8, 12, 16, 24)] * 2, 1: []})


@pytest.mark.parametrize("layout", [yolo, coco, bop])
def test_whatever_the_layout_labels_masks_poses_and_pixels_stay_what_they_were(layout, tmp_path):
    index = index_at(layout(tmp_path / "data"), "train")
    replayed = buffer_in(tmp_path / "buffer", index)
    own = replace(index, records=index.records[:1])
    found, _ = joined(own, ObjectModels(), replayed)
    copies = replace(found, records=found.records[1:])
    masks, before = MaskStore(found, keep=False), MaskStore(index, keep=False)
    for number, (record, kept) in enumerate(zip(index.records, copies.records, strict=True)):
        assert np.array_equal(read_image(record.path), read_image(kept.path))
        without = {"image": "", "masks": [], "number": 0}
        assert {**kept.to_json(), **without} == {**record.to_json(), **without}
        for mask, other in zip(masks.masks(1 + number), before.masks(number), strict=True):
            assert (mask is None) == (other is None)
            assert mask is None or np.array_equal(mask, other)


@pytest.mark.parametrize("posed", ["own", "replayed"])
def test_images_with_and_without_poses_are_in_one_batch(posed, tmp_path):
    own = make_index(tmp_path / "own", "train", 3, seed=0, with_poses=posed == "own")
    old = make_index(tmp_path / "old", "train", 3, seed=1, with_poses=posed == "replayed")
    index, _ = joined(own, ObjectModels(), buffer_in(tmp_path / "buffer", old))
    assert index.has_poses
    images = TrainingImages(index, PREPROCESS, AugmentSection(), 0, num_replayed=3)
    poses = collate([images[0, number] for number in range(6)]).targets.poses
    has_pose_B = poses.has_pose_BT.any(dim=1)
    halves = has_pose_B[:3].any().item(), has_pose_B[3:].any().item()
    assert halves == ((True, False) if posed == "own" else (False, True))
