from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolozu.contract.sections.data import AugmentSection
from yolozu.data.augmentation.augment import (
    LEAST_VISIBLE,
    Variation,
    draw_variation,
    generator_for,
    placement_of,
    vary_image,
    visible_boxes,
)
from yolozu.data.placement import Placement
from yolozu.data.preprocess import Preprocess

PREPROCESS = Preprocess(96, 128, 114)
EVERYTHING = AugmentSection(
    hflip_prob=0.5, hsv_h=0.1, hsv_s=0.5, hsv_v=0.5, gray_prob=0.3, blur_prob=0.5, gaussian_noise_std=10.0,
    scale_min=0.5, scale_max=2.0, translate=0.3,
)  # fmt: skip


def draw(section, seed=0, epoch=0, index=0):
    return draw_variation(section, generator_for(seed, epoch, index))


def test_a_contract_that_asks_for_nothing_changes_nothing():
    assert draw(AugmentSection()) == Variation()
    image = np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    placement = placement_of(Variation(), 70, 50, PREPROCESS)
    expected, letterbox = PREPROCESS.letterbox(image)
    assert placement == letterbox
    np.testing.assert_array_equal(
        vary_image(image, Variation(), placement, PREPROCESS, generator_for(0, 0, 0)), expected
    )


@given(st.integers(0, 2**40), st.integers(0, 1000), st.integers(0, 10**6))
def test_draws_stay_within_the_limits(seed, epoch, index):
    drawn = draw(EVERYTHING, seed, epoch, index)
    assert 0.5 - 1e-9 <= drawn.zoom <= 2.0 + 1e-9
    assert max(abs(drawn.shift_x), abs(drawn.shift_y)) <= 0.3
    assert drawn.hsv is not None
    assert abs(drawn.hsv[0]) <= 0.1
    assert 0.5 <= min(drawn.hsv[1:]) <= max(drawn.hsv[1:]) <= 1.5
    assert drawn.blur_sigma_px is None or 0.3 <= drawn.blur_sigma_px <= 1.5


def test_draws_differ_with_seed_epoch_and_image_and_repeat_with_none():
    keys = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    assert len({draw(EVERYTHING, *key) for key in keys}) == 4
    assert draw(EVERYTHING, 1, 2, 3) == draw(EVERYTHING, 1, 2, 3)


def test_one_key_leaves_the_draws_of_the_others_alone():
    some = EVERYTHING.model_copy(update={"hflip_prob": 0.0, "gaussian_noise_std": 0.0})
    whole, less = draw(EVERYTHING), draw(some)
    assert (whole.zoom, whole.shift_x, whole.hsv, whole.gray) == (less.zoom, less.shift_x, less.hsv, less.gray)


def test_flips_come_as_often_as_asked():
    flips = [draw(AugmentSection(hflip_prob=0.25), index=index).mirrored for index in range(2000)]
    assert np.mean(flips) == pytest.approx(0.25, abs=0.03)


@given(st.integers(20, 300), st.integers(20, 300), st.integers(0, 10**6))
def test_pixels_of_a_drawn_rectangle_stay_under_its_box(width, height, index):
    variation = draw(AugmentSection(hflip_prob=0.5, scale_min=0.5, scale_max=2.0, translate=0.3), index=index)
    image = np.zeros((height, width, 3), dtype=np.uint8)
    left, top, right, bottom = width // 4, height // 4, width // 4 + width // 2, height // 4 + height // 2
    image[top:bottom, left:right] = 255
    placement = placement_of(variation, width, height, PREPROCESS)
    canvas = vary_image(image, variation, placement, Preprocess(96, 128, 0), generator_for(0, 0, index))
    box = [(left + right) / 2 / width, (top + bottom) / 2 / height, (right - left) / width, (bottom - top) / height]
    visible = visible_boxes(placement.boxes_to_input(np.array([box])))[0]
    x, y, w, h = visible[0] * np.array([128, 96, 128, 96])
    rows, columns = np.nonzero(canvas[:, :, 0] > 127)
    if min(w, h) < 3:
        return
    drawn = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    np.testing.assert_allclose(drawn, [x - w / 2, y - h / 2, x + w / 2, y + h / 2], atol=1.01)


def test_zoom_keeps_the_middle_in_place():
    placement = placement_of(Variation(zoom=1.7), 64, 48, PREPROCESS)
    np.testing.assert_allclose(placement.boxes_to_input(np.array([[0.5, 0.5, 0.1, 0.1]]))[0, :2], [0.5, 0.5])


def test_boxes_are_clipped_and_dropped_when_too_little_is_left():
    cut = Placement(1.0, -50.0, 0.0, 100, 100, 100, 100)
    boxes = np.array([[0.5, 0.5, 0.4, 0.2], [0.34, 0.5, 0.4, 0.2], [0.1, 0.5, 0.1, 0.1]])
    placed, in_view = visible_boxes(cut.boxes_to_input(boxes))
    np.testing.assert_allclose(placed[0], [0.1, 0.5, 0.2, 0.2])
    assert in_view.tolist() == [True, False, False]
    assert LEAST_VISIBLE == 0.25


def test_colors_change_no_box_and_no_shape():
    image = np.random.default_rng(0).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    variation = Variation(hsv=(0.1, 1.2, 0.8), gray=True, blur_sigma_px=1.0, noise_std=5.0)
    placement = placement_of(variation, 128, 96, PREPROCESS)
    assert placement == Placement.letterbox(128, 96, 128, 96)
    varied = vary_image(image, variation, placement, PREPROCESS, generator_for(0, 0, 0))
    assert (varied.shape, varied.dtype) == ((96, 128, 3), np.uint8)
    assert (varied != image).any()
