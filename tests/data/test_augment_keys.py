"""Every key of augmentation and preprocessing, by what it does to pixels and boxes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.data.builders import index_at, write_yolo
from yolozu.contract.sections.data import AugmentSection, PreprocessSection
from yolozu.data.dataset import TrainingImages
from yolozu.data.preprocess import Preprocess

IMAGES = 12
LABEL = "0 .25 .5 .3 .2"


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """Images of 64×64 px: noise around a grey blue, darker on the left."""
    root = write_yolo(tmp_path_factory.mktemp("set"), {f"train/{number:02}": LABEL for number in range(IMAGES)})
    generator = np.random.default_rng(0)
    for number in range(IMAGES):
        pixels = generator.integers(0, 20, (64, 64, 3)) + np.array([70, 90, 130])
        pixels[:, :32] -= 30
        Image.fromarray(pixels.astype(np.uint8)).save(root / f"images/train/{number:02}.png")
    return index_at(root, "train")


def samples(index, section=None, **keys):
    preprocess = Preprocess.from_section(PreprocessSection(image_size=64) if section is None else section)
    images = TrainingImages(index, preprocess, AugmentSection(**keys), seed=3)
    return [images[0, number] for number in range(IMAGES)]


def pixels(index, **keys):
    """(N, 64, 64, 3) as float."""
    return np.stack([sample.image_HW3 for sample in samples(index, **keys)]).astype(np.float64)


def hue(images):
    """The hue of each image's mean color, as a fraction of the circle."""
    colors = images.mean(axis=(1, 2)).round().astype(np.uint8)[:, None]
    return np.asarray(Image.fromarray(colors, "RGB").convert("HSV"))[:, 0, 0] / 256


@pytest.mark.effect("hflip_prob")
def test_a_flip_mirrors_pixels_and_boxes(index):
    np.testing.assert_array_equal(pixels(index, hflip_prob=1.0), pixels(index)[:, :, ::-1])
    np.testing.assert_allclose(samples(index, hflip_prob=1.0)[0].boxes_cxcywh, [[0.75, 0.5, 0.3, 0.2]])


@pytest.mark.effect("hsv_h")
def test_hue_turns_up_to_its_limit_and_brightness_stays(index):
    before, after = pixels(index), pixels(index, hsv_h=0.2)
    turns = (hue(after) - hue(before) + 0.5) % 1.0 - 0.5
    assert 0.1 < np.abs(turns).max() <= 0.21
    assert turns.min() < -0.05
    assert turns.max() > 0.05
    np.testing.assert_allclose(after.max(axis=-1), before.max(axis=-1), atol=1.5)


@pytest.mark.effect("hsv_s")
def test_saturation_changes_up_to_its_limit_and_brightness_stays(index):
    before, after = pixels(index), pixels(index, hsv_s=0.8)
    spread = [(images.max(axis=-1) - images.min(axis=-1)).mean(axis=(1, 2)) for images in (before, after)]
    factors = spread[1] / spread[0]
    assert 0.2 <= factors.min() < 0.7
    assert 1.2 < factors.max() <= 1.81
    np.testing.assert_allclose(after.max(axis=-1), before.max(axis=-1), atol=1.5)


@pytest.mark.effect("hsv_v")
def test_brightness_changes_up_to_its_limit(index):
    factors = pixels(index, hsv_v=0.5).mean(axis=(1, 2, 3)) / pixels(index).mean(axis=(1, 2, 3))
    assert 0.49 <= factors.min() < 0.8
    assert 1.2 < factors.max() <= 1.51


@pytest.mark.effect("gray_prob")
def test_gray_images_have_three_equal_channels(index):
    assert np.ptp(pixels(index), axis=-1).min() > 20
    assert np.ptp(pixels(index, gray_prob=1.0), axis=-1).max() == 0


@pytest.mark.effect("blur_prob")
def test_blur_takes_noise_away(index):
    inner = (slice(None), slice(4, 60), slice(36, 60))  # away from the edge between dark and bright
    before, after = pixels(index)[inner], pixels(index, blur_prob=1.0)[inner]
    left = after.std(axis=(1, 2)) / before.std(axis=(1, 2))
    assert left.max() < 1.0
    assert left.min() < 0.4
    np.testing.assert_allclose(after.mean(axis=(1, 2)), before.mean(axis=(1, 2)), atol=1.0)


@pytest.mark.effect("gaussian_noise_std")
def test_noise_has_up_to_the_deviation_asked_for(index):
    added = (pixels(index, gaussian_noise_std=10.0) - pixels(index)).std(axis=(1, 2, 3))
    assert 5.0 < added.max() <= 10.2


@pytest.mark.effect("scale_min")
def test_images_shrink_down_to_their_limit(index):
    widths = np.array([sample.boxes_cxcywh[0, 2] / 0.3 for sample in samples(index, scale_min=0.5)])
    assert 0.5 <= widths.min() < 0.7 < widths.max() <= 1.0


@pytest.mark.effect("scale_max")
def test_images_grow_up_to_their_limit(index):
    zooms = np.array([sample.placement.scale for sample in samples(index, scale_max=2.0)])
    assert 1.0 <= zooms.min() < 1.4 < zooms.max() <= 2.0


@pytest.mark.effect("translate")
def test_images_move_in_both_directions_up_to_their_limit(index):
    shifts = np.array(
        [[sample.placement.pad_x_px, sample.placement.pad_y_px] for sample in samples(index, translate=0.25)]
    )
    assert (shifts.min(axis=0) >= -16).all()
    assert (shifts.max(axis=0) <= 16).all()
    assert (shifts.min(axis=0) < -4).all()
    assert (shifts.max(axis=0) > 4).all()


@pytest.mark.effect("image_size", "letterbox_fill")
def test_the_network_input_has_the_size_and_the_border_asked_for(index):
    (sample, *_) = samples(index, PreprocessSection(image_size=(32, 96), letterbox_fill=7))
    assert sample.image_HW3.shape == (32, 96, 3)
    assert (sample.image_HW3[:, :32] == 7).all()
    assert (sample.image_HW3[:, 32:64] != 7).all()
    assert (sample.image_HW3[:, 64:] == 7).all()
