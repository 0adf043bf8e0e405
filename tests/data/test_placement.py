from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolozu.data.placement import Placement, clip_boxes

SIDES = st.integers(1, 700)
INPUTS = st.sampled_from([32, 96, 160, 320])
FRACTIONS = st.floats(0.0, 1.0)


def placements(sides, input_width, input_height):
    """Any zoom, shift and flip of an image with such sides."""
    return st.builds(
        Placement,
        scale=st.floats(0.2, 3.0),
        pad_x_px=st.floats(-40, 40),
        pad_y_px=st.floats(-40, 40),
        width=sides,
        height=sides,
        input_width=st.just(input_width),
        input_height=st.just(input_height),
        mirrored=st.booleans(),
    )


@given(SIDES, SIDES, INPUTS, INPUTS, st.tuples(FRACTIONS, FRACTIONS, FRACTIONS, FRACTIONS))
def test_a_box_comes_back_from_the_letterbox(width, height, input_width, input_height, corners):
    placement = Placement.letterbox(width, height, input_width, input_height)
    x1, y1, x2, y2 = corners
    boxes = np.array([[(x1 + x2) / 2, (y1 + y2) / 2, abs(x2 - x1), abs(y2 - y1)]])
    np.testing.assert_allclose(placement.boxes_to_original(placement.boxes_to_input(boxes)), boxes, atol=1e-9)


@given(placements(SIDES, 96, 64))
def test_every_placement_can_be_undone(placement):
    boxes = np.array([[0.3, 0.6, 0.2, 0.4]])
    np.testing.assert_allclose(placement.boxes_to_original(placement.boxes_to_input(boxes)), boxes, atol=1e-9)


@given(SIDES, SIDES, INPUTS, INPUTS)
def test_the_letterbox_fits_and_touches_two_borders(width, height, input_width, input_height):
    placement = Placement.letterbox(width, height, input_width, input_height)
    whole = placement.boxes_to_input(np.array([[0.5, 0.5, 1.0, 1.0]]))[0]
    low, high = whole[:2] - whole[2:] / 2, whole[:2] + whole[2:] / 2
    assert low.min() >= -1e-9
    assert high.max() <= 1 + 1e-9
    assert max(whole[2:]) == pytest.approx(1.0)
    assert placement.pad_x_px.is_integer()
    assert placement.pad_y_px.is_integer()


def test_predictions_outside_the_image_are_clipped_to_it():
    placement = Placement.letterbox(200, 100, 100, 100)
    found = placement.boxes_to_original(np.array([[0.5, 0.5, 1.0, 1.0], [0.5, 0.1, 0.2, 0.1]]))
    np.testing.assert_allclose(found, [[0.5, 0.5, 1.0, 1.0], [0.5, 0.0, 0.2, 0.0]], atol=1e-12)


def test_an_image_of_the_input_size_is_untouched():
    image = np.random.default_rng(0).integers(0, 256, (96, 160, 3), dtype=np.uint8)
    placement = Placement.letterbox(160, 96, 160, 96)
    assert placement == Placement(1.0, 0.0, 0.0, 160, 96, 160, 96)
    np.testing.assert_array_equal(placement.paste(image, 114), image)


@given(placements(SIDES, 64, 32))
def test_the_border_of_the_image_never_mixes_with_the_ground(placement):
    image = np.full((placement.height, placement.width, 3), 255, dtype=np.uint8)
    canvas = placement.paste(image, 0)
    assert canvas.shape == (32, 64, 3)
    assert set(np.unique(canvas)) <= {0, 255}


@given(placements(st.integers(40, 300), 128, 128))
def test_a_drawn_rectangle_stays_under_its_box(placement):
    width, height = placement.width, placement.height
    left, top, right, bottom = width // 4, height // 5, width // 4 + width // 3, height // 5 + height // 2
    image = np.zeros((height, width, 3), dtype=np.uint8)
    image[top:bottom, left:right] = 255
    box = [(left + right) / 2 / width, (top + bottom) / 2 / height, (right - left) / width, (bottom - top) / height]
    x, y, w, h = clip_boxes(placement.boxes_to_input(np.array([box])))[0] * 128
    bright = placement.paste(image, 0)[:, :, 0] > 127
    if w < 3 or h < 3:
        return
    rows, columns = np.flatnonzero(bright.any(axis=1)), np.flatnonzero(bright.any(axis=0))
    drawn = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
    # Half a pixel where the edge falls inside one; a whole one where the image's own border is cut with it.
    np.testing.assert_allclose(drawn, [x - w / 2, y - h / 2, x + w / 2, y + h / 2], atol=1.01)


def test_shrinking_does_not_alias():
    image = np.zeros((640, 640, 3), dtype=np.uint8)
    image[:, ::2] = 255
    canvas = Placement.letterbox(640, 640, 160, 160).paste(image, 0)
    assert np.abs(canvas.astype(int) - 127).max() <= 16


def test_an_image_thinner_than_a_pixel_is_still_shown():
    canvas = Placement.letterbox(1, 700, 32, 32).paste(np.full((700, 1, 3), 255, dtype=np.uint8), 0)
    assert (canvas == 255).any(axis=(0, 2)).sum() == 1
