from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from tests.data.builders import index_at, write_coco, write_image, write_yolo
from tests.data.tars import pack_split
from yolozu.contract.sections.data import AugmentSection
from yolozu.data.collate import collate
from yolozu.data.dataset import TrainingImages, ValidationImages
from yolozu.data.preprocess import Preprocess
from yolozu.data.sampler import epoch_batches
from yolozu.errors import InputError

PREPROCESS = Preprocess(64, 64, 114)
AUGMENT = AugmentSection(
    hflip_prob=0.5, hsv_h=0.1, hsv_s=0.3, hsv_v=0.3, gaussian_noise_std=5.0, scale_min=0.7, scale_max=1.3, translate=0.2
)


def index_of_ten(tmp_path):
    labels = {f"train/{number}": f"{number % 2} 0.5 0.5 0.3 0.{number + 1:02d}" for number in range(10)}
    return index_at(write_yolo(tmp_path, labels), "train")


def batches(index, workers, cache="none", epoch=3):
    images = TrainingImages(index, PREPROCESS, AUGMENT, seed=7, cache=cache)
    order = epoch_batches(len(index), 4, 7, epoch)
    return list(DataLoader(images, batch_sampler=order, collate_fn=collate, num_workers=workers))


def assert_equal(first, second):
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one.images_B3HW, other.images_B3HW)
        assert torch.equal(one.targets.boxes_BT4, other.targets.boxes_BT4)
        assert torch.equal(one.targets.labels_BT, other.targets.labels_BT)
        assert (one.placements, one.indices) == (other.placements, other.indices)


def test_workers_and_cache_change_no_bit(tmp_path):
    index = index_of_ten(tmp_path)
    expected = batches(index, workers=0)
    assert_equal(batches(index, workers=2), expected)
    assert_equal(batches(index, workers=0, cache="ram"), expected)


def test_pictures_in_tar_files_give_the_same_batches_bit_by_bit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    expected = batches(index_of_ten(tmp_path), workers=0)
    pack_split(tmp_path, "train", shards=3)
    index = index_at(tmp_path, "train")
    assert index.records[0].image == "images/train/train-000000.tar/0.png"
    assert_equal(batches(index, workers=0), expected)
    assert_equal(batches(index, workers=2), expected)


def test_a_sample_depends_on_its_epoch(tmp_path):
    images = TrainingImages(index_of_ten(tmp_path), PREPROCESS, AUGMENT, seed=7)
    assert not np.array_equal(images[0, 1].image_HW3, images[1, 1].image_HW3)
    np.testing.assert_array_equal(images[0, 1].image_HW3, images[0, 1].image_HW3)


def test_without_augmentation_training_sees_what_validation_sees(tmp_path):
    index = index_of_ten(tmp_path)
    trained, validated = (
        TrainingImages(index, PREPROCESS, AugmentSection(), seed=7)[0, 5],
        ValidationImages(index, PREPROCESS)[5],
    )
    np.testing.assert_array_equal(trained.image_HW3, validated.image_HW3)
    np.testing.assert_array_equal(trained.boxes_cxcywh, validated.boxes_cxcywh)
    assert (trained.placement, trained.index) == (validated.placement, 5)
    assert (len(ValidationImages(index, PREPROCESS)), validated.labels.tolist()) == (10, [1])
    np.testing.assert_allclose(validated.boxes_cxcywh, [[0.5, 0.5, 0.3, 0.06 * 0.75]], atol=1e-7)


def test_validation_images_can_be_walked_through(tmp_path):
    assert [sample.index for sample in ValidationImages(index_of_ten(tmp_path), PREPROCESS)] == list(range(10))


def test_crowd_regions_are_no_targets(tmp_path):
    annotations = [
        {"image_id": 20, "category_id": 3, "bbox": [0, 0, 32, 24], "iscrowd": 1},
        {"image_id": 20, "category_id": 7, "bbox": [32, 24, 32, 24]},
    ]
    index = index_at(write_coco(tmp_path, annotations), "train")
    assert index.records[0].is_crowd.tolist() == [True, False]
    assert ValidationImages(index, PREPROCESS)[0].labels.tolist() == [1]


def test_an_image_that_changed_is_refused(tmp_path):
    index = index_of_ten(tmp_path)
    write_image(tmp_path / "images/train/0.png", 60, 48)
    with pytest.raises(InputError, match="YZ211 has changed since the data was prepared"):
        ValidationImages(index, PREPROCESS)[0]
