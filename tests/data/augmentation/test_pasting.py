from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from yolozu.data.augmentation.pasting import around_mask, cut_out, laid_onto, soft_edge

MASK = np.zeros((12, 16), bool)
MASK[3:9, 4:12] = True


def test_a_cut_out_counts_where_the_mask_is():
    image = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    layer = cut_out(image, MASK)
    np.testing.assert_array_equal(layer[:, :, :3], image)
    np.testing.assert_array_equal(layer[:, :, 3], np.where(MASK, 255, 0))


def test_the_edge_is_soft_over_one_pixel_inward():
    alpha = soft_edge(np.where(MASK, np.uint8(255), np.uint8(0)))
    assert (alpha[~MASK] == 0).all()
    assert (alpha[4:8, 5:11] == 255).all()
    assert (np.abs(alpha[3, 5:11].astype(int) - 85) <= 1).all()
    assert (np.abs(alpha[4:8, 11].astype(int) - 85) <= 1).all()


def test_laying_mixes_in_proportion():
    ground, color = np.full((1, 3, 3), 40, np.uint8), np.full((1, 3, 3), 140, np.uint8)
    found = laid_onto(ground, color, np.array([[0, 85, 255]], np.uint8))
    assert found[0, :, 0].tolist() == [40, 73, 140]


@given(st.integers(0, 11), st.integers(0, 15), st.integers(0, 20))
def test_a_part_shows_the_mask_and_a_margin_as_far_as_there_is_an_image(row, column, margin):
    mask = np.zeros((12, 16), bool)
    mask[row, column] = True
    rows, columns = around_mask(mask, margin)
    assert (rows.start, rows.stop) == (max(0, row - margin), min(12, row + margin + 1))
    assert (columns.start, columns.stop) == (max(0, column - margin), min(16, column + margin + 1))


def test_where_nothing_is_marked_a_pixel_is_left():
    assert around_mask(np.zeros((4, 4), bool), 2) == (slice(0, 1), slice(0, 1))
