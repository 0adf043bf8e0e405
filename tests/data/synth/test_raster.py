from __future__ import annotations

import numpy as np
import pytest

from yolozu.data.synth.raster import NOTHING, SampleGrid, Window

SQUARE = np.array([[2.0, 1.0], [6.0, 1.0], [6.0, 4.0], [2.0, 4.0]])


def grid(size=8, per_px=1):
    return SampleGrid(Window(0, 0, size, size), per_px)


def at_depth(z):
    return np.array([0.0, 0.0, 1 / z])


@pytest.mark.parametrize("corners", [SQUARE, SQUARE[::-1]])
def test_a_polygon_covers_the_samples_inside_it_in_either_turning(corners):
    seen = grid()
    seen.fill(corners, 5)
    assert (seen.face_HW[1:4, 2:6] == 5).all()
    assert np.count_nonzero(seen.covered) == 12


def test_more_samples_find_smaller_parts():
    seen = grid(per_px=2)
    seen.fill(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), 0)
    assert seen.face_HW[:2, :2].tolist() == [[0, 0], [0, NOTHING]]


def test_the_nearer_face_wins_whatever_is_drawn_first():
    for order in ([(1, 2.0), (2, 3.0)], [(2, 3.0), (1, 2.0)]):
        seen = grid()
        for face, depth in order:
            seen.draw(SQUARE + (face - 1), at_depth(depth), face)
        assert seen.face_HW[2, 4] == 1
        assert seen.face_HW[4, 6] == 2


def test_slanted_faces_cross_where_their_depths_are_equal():
    seen = grid()
    whole = np.array([[0.0, 0.0], [8.0, 0.0], [8.0, 8.0], [0.0, 8.0]])
    seen.draw(whole, np.array([0.0, 0.0, 0.5]), 0)
    seen.draw(whole, np.array([0.125, 0.0, 0.0]), 1)  # as near as the first at x = 4
    assert seen.face_HW[0].tolist() == [0] * 4 + [1] * 4


def test_neighbors_leave_no_gap():
    rng = np.random.default_rng(0)
    corners = np.array([[0.0, 0.0], [8.0, 0.0], [8.0, 8.0], [0.0, 8.0]])
    for _ in range(50):
        seen, middle = grid(per_px=4), rng.uniform(1, 7, 2)
        for number in range(4):
            seen.fill(np.stack([corners[number], corners[(number + 1) % 4], middle]), number)
        assert seen.covered.all()


def test_what_is_outside_the_window_is_not_drawn():
    seen = grid()
    seen.draw(SQUARE + 100, at_depth(1.0), 0)
    seen.fill(SQUARE - 100, 0)
    assert not seen.covered.any()


def test_a_small_grid_merges_into_a_large_one_at_its_place():
    small, large = SampleGrid(Window(3, 2, 6, 5), 2), grid(per_px=2)
    small.draw(np.array([[3.0, 2.0], [5.0, 2.0], [5.0, 3.0], [3.0, 3.0]]), at_depth(2.0), 7)
    large.draw(np.array([[4.0, 0.0], [8.0, 0.0], [8.0, 8.0], [4.0, 8.0]]), at_depth(1.0), 1)
    large.merge(small)
    assert (large.face_HW[4:6, 6:8] == 7).all()
    assert (large.face_HW[4:6, 8:10] == 1).all()


def test_windows_hold_whole_pixels_inside_the_image():
    window = Window.around(np.array([[-3.2, 1.5], [4.1, 9.9]]), 8)
    assert window == Window(0, 1, 5, 8)
    assert Window.union([window, Window(3, 0, 6, 2)]) == Window(0, 0, 6, 8)
    assert window.pixels == (slice(1, 8), slice(0, 5))
