"""Every key of augmentation that moves the camera or what is before it, by what it does to pixels, boxes and poses."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.data.builders import index_at, write_image, write_yolo
from yolozu.contract.sections.data import AugmentSection
from yolozu.data.augmentation.masks import MaskStore, joined_mask
from yolozu.data.dataset import TrainingImages
from yolozu.data.preprocess import Preprocess
from yolozu.data.synth.writer import SynthPlan, write_scenes
from yolozu.errors import InputError
from yolozu.progress import SilentProgress

IMAGES, SIZE = 10, 64
JITTER = ("jitter_dfx", "jitter_dfy", "jitter_dcx", "jitter_dcy")


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    root = tmp_path_factory.mktemp("scenes")
    write_scenes(root, SynthPlan(images=IMAGES, val_images=1, size=SIZE, max_objects=2, seed=0), SilentProgress())
    return index_at(root, "train")


@pytest.fixture(scope="module")
def grounds(tmp_path_factory):
    """Red and blue pictures of other shapes than the network input."""
    directory = tmp_path_factory.mktemp("grounds")
    for name, color, size in (("a.png", (250, 0, 0), (90, 40)), ("b.png", (0, 0, 250), (30, 80))):
        Image.new("RGB", size, color).save(directory / name)
    return directory


def samples(index, epoch=0, **keys):
    images = TrainingImages(index, Preprocess(SIZE, SIZE, 114), AugmentSection(**keys), seed=3)
    return [images[epoch, number] for number in range(len(index))]


@pytest.mark.effect("rotate_deg")
def test_images_turn_to_both_sides_up_to_their_limit_and_poses_turn_along(index):
    turned = samples(index, rotate_deg=40.0)
    angles = np.degrees([sample.placement.turn.angle for sample in turned])
    assert -40 <= angles.min() < -15
    assert 15 < angles.max() <= 40
    for before, after, degrees in zip(samples(index), turned, angles, strict=True):
        if len(before.labels) == len(after.labels):
            R = after.poses.R_m2c_N33 @ before.poses.R_m2c_N33.transpose(0, 2, 1)
            np.testing.assert_allclose(np.degrees(np.arctan2(R[:, 1, 0], R[:, 0, 0])), degrees, atol=1e-6)


@pytest.mark.effect("intrinsics_jitter")
def test_jitter_moves_the_picture_and_not_the_camera_that_is_told(index):
    for before, after in zip(samples(index), samples(index, intrinsics_jitter=True), strict=True):
        np.testing.assert_array_equal(after.poses.K_4, before.poses.K_4)
        assert (before.poses.has_k_delta, after.poses.has_k_delta) == (False, True)
        assert np.abs(after.poses.k_delta_4).max() > 0
        assert not np.array_equal(after.image_HW3, before.image_HW3)


@pytest.mark.effect("jitter_dfx", "jitter_dfy", "jitter_dcx", "jitter_dcy")
@pytest.mark.parametrize("key", JITTER)
def test_each_part_of_the_camera_is_off_by_up_to_its_limit(index, key):
    limits = dict.fromkeys(JITTER, 0.0) | {key: 0.3 if key in JITTER[:2] else 9.0}
    deltas = np.array([sample.poses.k_delta_4 for sample in samples(index, intrinsics_jitter=True, **limits)])
    part = deltas[:, JITTER.index(key)]
    assert -limits[key] <= part.min() < -0.3 * limits[key]
    assert 0.3 * limits[key] < part.max() <= limits[key]
    np.testing.assert_allclose(np.delete(deltas, JITTER.index(key), axis=1), 0.0, atol=1e-12)


@pytest.mark.effect("paste_backgrounds")
def test_objects_stay_and_everything_else_is_background(index, grounds):
    before, after = samples(index), samples(index, paste_backgrounds=str(grounds))
    store, colors = MaskStore(index, keep=False), set()
    for number, (plain, pasted) in enumerate(zip(before, after, strict=True)):
        shown = joined_mask(store.masks(number), SIZE, SIZE)
        inner = shown & np.roll(shown, 1, 0) & np.roll(shown, -1, 0)
        inner = inner & np.roll(inner, 1, 1) & np.roll(inner, -1, 1)
        np.testing.assert_array_equal(pasted.image_HW3[inner], plain.image_HW3[inner])
        outside = np.unique(pasted.image_HW3[~shown], axis=0)
        assert len(outside) == 1
        colors.add(tuple(outside[0].tolist()))
        np.testing.assert_array_equal(pasted.boxes_cxcywh, plain.boxes_cxcywh)
        np.testing.assert_array_equal(pasted.poses.t_m2c_N3, plain.poses.t_m2c_N3)
    assert colors == {(250, 0, 0), (0, 0, 250)}


def test_pasting_goes_with_everything_else(index, grounds):
    everything = {
        "rotate_deg": 90.0, "scale_min": 0.5, "translate": 0.2, "hsv_v": 0.3, "blur_prob": 0.5, "mosaic_prob": 0.3,
        "gaussian_noise_std": 3.0, "hflip_prob": 0.5, "intrinsics_jitter": True, "gray_prob": 0.1,
    }  # fmt: skip
    first, second = (samples(index, paste_backgrounds=str(grounds), **everything) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.image_HW3, other.image_HW3)
        assert one.image_HW3.shape == (SIZE, SIZE, 3)


def test_images_whose_objects_have_no_mask_are_refused_by_name(tmp_path, grounds):
    labels = {"train/a": "0 .5 .5 .2 .2", "train/b": "", "train/c": "0 .5 .5 .2 .2"}
    index = index_at(write_yolo(tmp_path, labels), "train")
    with pytest.raises(InputError) as caught:
        samples(index, paste_backgrounds=str(grounds))
    assert str(caught.value) == "\n".join(
        f"paste_backgrounds: images/train/{name}.png: YZ250 an object of it has no mask\n"
        "  fix: add masks, or drop paste_backgrounds"
        for name in "ac"
    )


@pytest.mark.effect("mosaic_prob")
def test_a_mosaic_shows_four_images_and_keeps_boxes_but_no_poses(index):
    plain, mosaics = samples(index), samples(index, mosaic_prob=1.0)
    assert sum(len(sample.labels) for sample in mosaics) > 2 * sum(len(sample.labels) for sample in plain)
    for sample in mosaics:
        assert not sample.poses.has_pose_N.any()
        assert not sample.poses.has_center_N.any()
        assert not sample.poses.has_camera
        assert len(sample.poses.has_pose_N) == len(sample.labels)
        assert (sample.boxes_cxcywh[:, 2:] < 0.5).all()
    some = [sample.poses.has_camera for sample in samples(index, mosaic_prob=0.5)]
    assert 0 < sum(some) < IMAGES


def test_boxes_of_a_mosaic_lie_on_what_they_mean(tmp_path):
    root = write_yolo(tmp_path, {f"train/{number}": "0 .5 .5 .5 .5" for number in range(4)})
    for number in range(4):
        pixels = np.zeros((40, 40, 3), np.uint8)
        pixels[10:30, 10:30] = 255
        Image.fromarray(pixels).save(root / f"images/train/{number}.png")
    index = index_at(root, "train")
    images = TrainingImages(index, Preprocess(96, 128, 0), AugmentSection(mosaic_prob=1.0, hflip_prob=0.5), seed=0)
    for epoch in range(5):
        sample = images[epoch, 0]
        drawn = np.zeros((96, 128), bool)
        for x, y, w, h in (sample.boxes_cxcywh * [128, 96, 128, 96]).tolist():
            drawn[round(y - h / 2) : round(y + h / 2), round(x - w / 2) : round(x + w / 2)] = True
        assert len(sample.labels) == 4
        assert (drawn == (sample.image_HW3[:, :, 0] > 127)).mean() > 0.97
        # The first image's placement is told in the whole input.
        inside = sample.placement.boxes_to_input(np.array([[0.5, 0.5, 0.5, 0.5]]))
        assert np.abs(sample.boxes_cxcywh - inside).max(axis=1).min() < 1e-6


@pytest.mark.effect("multiscale")
def test_sizes_are_multiples_of_32_around_the_one_that_is_asked_for(index):
    def sizes(height, width, **keys):
        return TrainingImages(index, Preprocess(height, width, 114), AugmentSection(**keys), seed=3).sizes

    assert sizes(64, 64) == ()
    assert sizes(160, 160, multiscale=True) == ((128, 128), (160, 160), (192, 192))
    assert sizes(320, 640, multiscale=(512, 640)) == ((256, 512), (320, 640))


def test_a_sample_has_the_size_of_its_key_and_all_follows(index):
    images = TrainingImages(index, Preprocess(SIZE, SIZE, 114), AugmentSection(multiscale=(64, 128)), seed=3)
    small, large = images[0, 0, (64, 64)], images[0, 0, (128, 128)]
    assert (small.image_HW3.shape, large.image_HW3.shape) == ((64, 64, 3), (128, 128, 3))
    np.testing.assert_array_equal(small.boxes_cxcywh, large.boxes_cxcywh)
    np.testing.assert_allclose(large.poses.K_4, 2 * small.poses.K_4)
    np.testing.assert_allclose(large.poses.centers_px_N2, 2 * small.poses.centers_px_N2)
    np.testing.assert_array_equal(large.poses.t_m2c_N3, small.poses.t_m2c_N3)


def test_new_keys_leave_the_draws_of_old_ones_alone(index):
    old = {"hsv_v": 0.4, "gaussian_noise_std": 9.0, "scale_min": 0.7}
    for before, after in zip(samples(index, **old), samples(index, **old, rotate_deg=1e-9), strict=True):
        assert after.placement.scale == before.placement.scale
        assert np.abs(after.image_HW3[8:-8, 8:-8].astype(int) - before.image_HW3[8:-8, 8:-8]).mean() < 4


def test_an_image_without_a_camera_turns_about_its_middle(tmp_path):
    root = write_yolo(tmp_path, {"train/a": "0 .5 .5 .5 .5"})
    write_image(root / "images/train/a.png", 60, 40)
    keys = {"rotate_deg": 90.0, "intrinsics_jitter": True}
    (sample,) = samples(index_at(root, "train"), **keys)
    np.testing.assert_allclose(sample.placement.points_to_input(np.array([[30.0, 20.0]])), [[32.0, 32.0]], atol=1.0)
    assert sample.placement.stretch == 1.0
    assert sample.poses is None
