"""Stored outputs follow their image, and are there before training begins."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.tiny import CLASSES, PREPROCESS, make_index
from yolozu.artifacts.stored_outputs import StoredOutputs, write_stored_outputs
from yolozu.contract.sections.data import AugmentSection
from yolozu.data.collate import collate
from yolozu.data.dataset import TrainingImages
from yolozu.data.placement import Placement, Turn
from yolozu.data.stored_store import StoredStore, require_stored
from yolozu.errors import InputError
from yolozu.structures.classes import ClassTable


def stored_like_labels(index, directory, names=("blue", "red"), teacher="t" * 64):
    """For each image a query on each of its objects, and one far outside; paths."""
    paths = []
    for number, record in enumerate(index.records):
        boxes = np.concatenate([record.boxes_cxcywh, [[5.0, 5.0, 0.1, 0.1]]]).astype(np.float32)
        logits = np.arange(len(boxes) * len(names), dtype=np.float32).reshape(-1, len(names))
        paths.append(directory / f"{number}.npz")
        write_stored_outputs(paths[-1], StoredOutputs(logits, boxes, names, teacher, record.sha256))
    return paths


@pytest.fixture
def index(tmp_path):
    return make_index(tmp_path / "set", "train", 5, seed=0)


@pytest.mark.parametrize(
    "augment",
    [
        AugmentSection(),
        AugmentSection(hflip_prob=1.0),
        AugmentSection(scale_min=1.5, scale_max=2.0, translate=0.3),
        AugmentSection(rotate_deg=20.0, hflip_prob=0.5),
    ],
)
def test_boxes_go_where_the_boxes_of_labels_go(index, augment, tmp_path):
    store = StoredStore(stored_like_labels(index, tmp_path), CLASSES, keep=False)
    images = TrainingImages(index, PREPROCESS, augment, 0, stored=store)
    for number in range(len(index)):
        sample = images[3, number]
        np.testing.assert_allclose(sample.stored.boxes_M4, sample.boxes_cxcywh, atol=1e-6)
        assert sample.stored.columns_C.tolist() == [1, 0]
        assert len(sample.stored.logits_MC) == len(sample.labels)
    batch = collate([images[0, 0], images[0, 1]])
    assert [len(one.boxes_M4) for one in batch.stored] == [len(images[0, number].labels) for number in range(2)]


def test_a_turned_box_is_the_one_around_its_corners(index, tmp_path):
    store = StoredStore(stored_like_labels(index, tmp_path), CLASSES, keep=True)
    placement = Placement(1.0, 0.0, 0.0, 64, 64, 64, 64, turn=Turn(0.3, 32.0, 32.0))
    own = placement.boxes_to_input(index.records[0].boxes_cxcywh)
    found = store.placed(0, placement)
    assert (found.boxes_M4[:, 2:] <= own[: len(found.boxes_M4), 2:] + 1e-6).all()
    assert store.placed(0, placement).logits_MC is not found.logits_MC


def test_mosaics_have_none_and_are_all_new_or_all_replayed(index, tmp_path):
    store = StoredStore(stored_like_labels(index, tmp_path), CLASSES, keep=False)
    augment = AugmentSection(mosaic_prob=1.0)
    images = TrainingImages(index, PREPROCESS, augment, 0, stored=store, num_replayed=2)
    assert images[0, 0].stored is None
    own = TrainingImages(type(index)(index.root, "train", CLASSES, index.records[:3]), PREPROCESS, augment, 0)
    for number in range(3):
        np.testing.assert_array_equal(images[0, number].image_HW3, own[0, number].image_HW3)
    # The images of a mosaic that are replayed are the last two, again and again.
    asked = []
    images._store.image, read = lambda number: asked.append(number) or read(number), images._store.image
    for key in range(3, 20):
        assert images[0, key].index == 3 + (key - 3) % 2
    assert set(asked) == {3, 4}


def test_a_replayed_image_is_varied_anew_each_time(index):
    images = TrainingImages(index, PREPROCESS, AugmentSection(scale_min=0.5, scale_max=2.0), 0, num_replayed=2)
    first, again, epoch = images[0, 3], images[0, 5], images[1, 3]
    assert {first.index, again.index, epoch.index} == {3}
    assert len({first.placement, again.placement, epoch.placement}) == 3


def test_missing_and_unreadable_outputs_are_counted_and_named(index, tmp_path):
    paths = stored_like_labels(index, tmp_path)
    require_stored(index.records, paths, CLASSES)
    paths[1].write_text("no zip")
    paths[3].unlink()
    with pytest.raises(InputError) as caught:
        require_stored(index.records, paths, CLASSES)
    (finding,) = caught.value.findings
    assert finding.code == "YZ553"
    assert finding.problem.startswith("2 of 5 images have none that can be read: train/001.png: ")
    assert "train/003.png: " in finding.problem


def test_outputs_of_other_classes_or_images_are_foreign(index, tmp_path):
    paths = stored_like_labels(index, tmp_path)
    with pytest.raises(InputError, match="YZ552 are of classes that the training does not have: blue"):
        require_stored(index.records, paths, ClassTable(("red",), (1,)))
    with pytest.raises(InputError, match=r"YZ553 4 of 5 images .*is of another image"):
        require_stored(index.records, [paths[0]] * 5, CLASSES)
