from __future__ import annotations

import numpy as np
import pytest

from yolozu.data.augmentation.color import add_noise, blur, shift_hsv, to_gray


def patch(*color):
    return np.full((8, 8, 3), color, dtype=np.uint8)


def test_hue_turns_red_into_green_after_a_third_of_the_circle():
    assert shift_hsv(patch(200, 0, 0), hue=1 / 3, saturation=1, value=1)[0, 0] == pytest.approx([0, 200, 0], abs=4)


def test_brightness_scales_and_saturates():
    assert shift_hsv(patch(100, 50, 50), hue=0, saturation=1, value=1.5)[0, 0] == pytest.approx([150, 75, 75], abs=2)
    assert shift_hsv(patch(200, 200, 200), hue=0, saturation=1, value=2)[0, 0].tolist() == [255, 255, 255]


def test_without_saturation_and_in_gray_no_color_is_left():
    assert len(set(shift_hsv(patch(200, 100, 50), hue=0, saturation=0, value=1)[0, 0].tolist())) == 1
    assert to_gray(patch(255, 0, 0))[0, 0].tolist() == [76, 76, 76]


def test_blur_keeps_the_mean_and_lowers_the_contrast():
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    soft = blur(image, 1.5)
    assert soft.std() < image.std() / 2
    assert soft.mean() == pytest.approx(image.mean(), abs=1)


def test_noise_has_its_standard_deviation_and_its_seed():
    noisy = add_noise(patch(128, 128, 128).repeat(16, 0).repeat(16, 1), 10.0, np.random.default_rng(3))
    assert noisy.astype(float).std() == pytest.approx(10, rel=0.03)
    again = add_noise(patch(128, 128, 128).repeat(16, 0).repeat(16, 1), 10.0, np.random.default_rng(3))
    np.testing.assert_array_equal(noisy, again)
