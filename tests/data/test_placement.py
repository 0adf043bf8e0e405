from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolozu.data.placement import Placement, Turn, clip_boxes

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
        stretch=st.one_of(st.just(1.0), st.floats(0.7, 1.4)),
    )


TURNS = st.builds(
    Turn,
    angle=st.floats(-4, 4),
    center_x_px=st.floats(-50, 150),
    center_y_px=st.floats(-50, 150),
    aspect=st.floats(0.8, 1.25),
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


@pytest.mark.slow
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


@pytest.mark.parametrize(("degrees", "turns"), [(180.0, 2), (90.0, -1), (-90.0, 1)])
@pytest.mark.parametrize("mirrored", [False, True])
def test_quarter_turns_about_the_middle_move_whole_pixels(degrees, turns, mirrored):
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    turn = Turn(np.radians(degrees), 32.0, 32.0)
    placement = replace(Placement.letterbox(64, 64, 64, 64), turn=turn, mirrored=mirrored)
    expected = np.rot90(image, turns)
    expected = expected[:, ::-1] if mirrored else expected
    found = placement.paste(image, 0)[1:-1, 1:-1]
    np.testing.assert_allclose(found.astype(int), expected[1:-1, 1:-1], atol=1)


@given(placements(st.integers(40, 300), 128, 96), TURNS)
def test_a_turned_spot_is_where_its_point_is(placement, turn):
    placement = replace(placement, turn=turn)
    x, y = placement.width // 2, placement.height // 2
    image = np.zeros((placement.height, placement.width), dtype=np.uint8)
    radius = max(2, round(3 / placement.scale))
    image[max(0, y - radius) : y + radius, max(0, x - radius) : x + radius] = 255
    expected = placement.points_to_input(np.array([[x, y]], float))[0]
    canvas = placement.paste(image, 0).astype(float)
    assert canvas.shape == (96, 128)
    if (expected < 20).any() or (expected > [108, 76]).any():
        return
    rows, columns = np.nonzero(canvas)
    weights = canvas[rows, columns]
    found = [np.average(columns + 0.5, weights=weights), np.average(rows + 0.5, weights=weights)]
    np.testing.assert_allclose(found, expected, atol=0.3)


@given(placements(SIDES, 64, 32), TURNS)
def test_the_border_of_a_turned_image_never_mixes_with_the_ground(placement, turn):
    image = np.full((placement.height, placement.width, 3), 255, dtype=np.uint8)
    canvas = replace(placement, turn=turn).paste(image, 7)
    assert canvas.shape == (32, 64, 3)
    assert set(np.unique(canvas)) <= {7, 255}


@given(placements(SIDES, 96, 64), st.one_of(st.none(), TURNS))
def test_boxes_go_as_their_corners_do(placement, turn):
    placement = replace(placement, turn=turn)
    corners = np.array([[0.2, 0.3], [0.6, 0.3], [0.6, 0.9], [0.2, 0.9]]) * [placement.width, placement.height]
    placed = placement.points_to_input(corners)
    low, high = placed.min(axis=0), placed.max(axis=0)
    expected = np.concatenate([(low + high) / 2, high - low]) / [96, 64, 96, 64]
    np.testing.assert_allclose(placement.boxes_to_input(np.array([[0.4, 0.6, 0.4, 0.6]]))[0], expected, atol=1e-9)


@given(placements(SIDES, 96, 64), st.one_of(st.none(), TURNS), st.floats(-30, 30), st.floats(-30, 30))
def test_a_moved_picture_is_the_same_elsewhere(placement, turn, right, down):
    placement = replace(placement, turn=turn)
    points = np.array([[0.0, 0.0], [3.0, 17.0], [50.0, -2.0]])
    moved = placement.moved(right, down, 200, 300)
    assert (moved.input_width, moved.input_height) == (200, 300)
    np.testing.assert_allclose(
        moved.points_to_input(points), placement.points_to_input(points) + np.array([right, down]), atol=1e-9
    )


@pytest.mark.slow
@given(placements(SIDES, 96, 64), st.one_of(st.none(), TURNS))
def test_a_part_lies_where_it_lay_in_the_whole(placement, turn):
    placement = replace(placement, turn=turn)
    part = placement.of_part(7, 11, 20, 30)
    assert (part.width, part.height) == (20, 30)
    points = np.array([[0.0, 0.0], [20.0, 30.0]])
    np.testing.assert_allclose(
        part.points_to_input(points), placement.points_to_input(points + np.array([7, 11])), atol=1e-9
    )


def test_shrinking_a_turned_image_does_not_alias():
    image = np.zeros((640, 640, 3), dtype=np.uint8)
    image[:, ::2] = 255
    placement = replace(Placement.letterbox(640, 640, 160, 160), turn=Turn(0.5, 80.0, 80.0))
    inner = placement.paste(image, 127)[40:120, 40:120]
    assert np.abs(inner.astype(int) - 127).max() <= 16


def test_what_is_not_there_gives_no_color():
    """A fourth channel weighs colors, also where they are resampled."""
    image = np.zeros((64, 64, 4), dtype=np.uint8)
    image[:, :32] = [200, 100, 50, 255]
    for turn in (None, Turn(0.3, 16.0, 16.0)):
        canvas = replace(Placement.letterbox(64, 64, 23, 23), turn=turn).paste(image, 0)
        seen = canvas[canvas[:, :, 3] > 60]
        assert (np.abs(seen[:, :3].astype(int) - [200, 100, 50]) <= 8).all()


def test_boxes_that_reach_over_the_image_can_come_back_as_they_were():
    placement = replace(Placement.letterbox(640, 320, 64, 64), mirrored=True)
    boxes = np.array([[0.05, 0.5, 0.3, 1.4], [0.5, 0.5, 0.2, 0.2]])
    back = placement.boxes_to_original(placement.boxes_to_input(boxes), clip=False)
    np.testing.assert_allclose(back, boxes, atol=1e-12)
    assert placement.boxes_to_original(placement.boxes_to_input(boxes))[0].tolist() == pytest.approx(
        [0.1, 0.5, 0.2, 1.0]
    )
