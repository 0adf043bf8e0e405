from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from yolozu.data.augmentation.mosaic import Quarter, boxes_of_quarter, draw_mosaic, mosaic_image


@given(st.integers(0, 10**6), st.integers(1, 50), st.integers(32, 200), st.integers(32, 200))
def test_quarters_cover_the_input_once(seed, num_images, width, height):
    others, quarters = draw_mosaic(np.random.default_rng(seed), num_images, width, height)
    assert len(others) == 3
    assert all(0 <= other < num_images for other in others)
    images = [np.full((quarter.height, quarter.width, 3), 1, np.uint8) for quarter in quarters]
    assert sum(quarter.width * quarter.height for quarter in quarters) == width * height
    assert (mosaic_image(images, quarters, width, height) == 1).all()
    assert min(min(quarter.width / width, quarter.height / height) for quarter in quarters) > 0.25


def test_the_first_image_comes_into_every_quarter():
    first = {
        (q.left > 0, q.top > 0) for q in (draw_mosaic(np.random.default_rng(s), 4, 64, 64)[1][0] for s in range(40))
    }
    assert len(first) == 4


def test_boxes_of_a_quarter_by_hand():
    boxes = np.array([[0.5, 0.5, 1.0, 0.5]])
    np.testing.assert_allclose(boxes_of_quarter(boxes, Quarter(60, 20, 40, 80), 100, 100), [[0.8, 0.6, 0.4, 0.4]])
    assert boxes_of_quarter(np.zeros((0, 4)), Quarter(0, 0, 1, 1), 2, 2).shape == (0, 4)
