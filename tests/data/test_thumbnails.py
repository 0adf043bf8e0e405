"""Small pictures, and where their boxes are."""

import numpy as np
import pytest

from yolozu.data.thumbnails import MARKED, fitted, thumbnail


def gray(width, height):
    return np.full((height, width, 3), 90, np.uint8)


def red_at(picture):
    """First and last column and row of what is marked."""
    rows, columns = np.nonzero((np.asarray(picture) == MARKED).all(axis=2))
    return columns.min(), rows.min(), columns.max(), rows.max()


@pytest.mark.parametrize(
    ("size", "expected"),
    [((640, 480), (200, 150)), ((480, 640), (112, 150)), ((10, 5), (200, 100)), ((9000, 2), (200, 1))],
)
def test_pictures_fit_and_keep_their_shape(size, expected):
    assert fitted(*size, 200, 150) == expected
    assert thumbnail(gray(*size), 200, 150).size == expected


def test_a_box_is_where_it_is_in_the_picture():
    assert red_at(thumbnail(gray(400, 200), 200, 150, (0.5, 0.5, 0.5, 0.4))) == (50, 30, 150, 70)


def test_a_small_box_is_shown_from_nearer():
    # 20×20 px around (400, 400): shown are 6 times as many, 340 to 460, in 150 px
    drawn = thumbnail(gray(1000, 800), 200, 150, (0.4, 0.5, 0.02, 0.025))
    assert (drawn.size, red_at(drawn)) == ((150, 150), (62, 62, 87, 87))


def test_a_small_box_in_a_corner_is_shown_with_what_there_is():
    drawn = thumbnail(gray(1000, 800), 200, 150, (0.01, 0.0125, 0.02, 0.025))
    assert red_at(drawn) == (0, 0, 25, 25)


@pytest.mark.parametrize(
    "box", [(1.5, 0.5, 0.5, 0.5), (0.5, 0.5, 0.5, 0.0), (0.5, 0.5, -0.5, 0.2), (9.0, 9.0, 0.01, 0.01)]
)
def test_what_is_no_box_of_the_picture_leaves_a_mark_in_it(box):
    left, top, right, bottom = red_at(thumbnail(gray(400, 200), 200, 150, box))
    assert 0 <= left <= right
    assert 0 <= top <= bottom
