from hypothesis import given
from hypothesis import strategies as st

from yolozu.geometry.input_sizes import input_sizes, side_in_view


@given(st.integers(1, 40), st.integers(1, 40))
def test_sizes_are_multiples_of_32_that_keep_the_proportion(rows, columns):
    sizes = input_sizes(multiscale=True, size=(rows * 32, columns * 32))
    longest = 32 * max(rows, columns)
    assert (rows * 32, columns * 32) in sizes
    for height, width in sizes:
        assert height % 32 == width % 32 == 0
        assert 0.75 * longest <= max(height, width) <= 1.25 * longest
        factor = max(height, width) / longest
        assert abs(min(height, width) - max(32, factor * 32 * min(rows, columns))) <= 16


def test_named_sizes_are_taken_once_each():
    assert input_sizes((64, 96, 64), (64, 128)) == ((32, 64), (64, 96))
    assert input_sizes(multiscale=False, size=(64, 64)) == ()


@given(st.integers(1, 40), st.floats(0.25, 4.0))
def test_a_scaled_view_fits_the_smallest_multiple_of_32_that_holds_it(steps, scale):
    side = side_in_view(32 * steps, scale)
    assert side % 32 == 0
    assert side - 32 < 32 * steps * scale + 1e-6
    assert side >= 32 * steps * scale - 1e-6


def test_rounding_errors_add_no_pixels():
    assert side_in_view(160, 1.2) == side_in_view(192, 1.0) == side_in_view(192, 1 / 3 * 3) == 192
    assert 160 * 1.2 >= 192
