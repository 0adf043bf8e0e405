from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yolozu.data.preprocess import Preprocess
from yolozu.data.sampler import epoch_batches, input_sizes


@given(st.integers(1, 200), st.integers(1, 50), st.integers(0, 2**40), st.integers(0, 1000))
def test_every_image_is_shown_once_an_epoch(num_images, batch_size, seed, epoch):
    batches = epoch_batches(num_images, batch_size, seed, epoch)
    keys = [key for batch in batches for key in batch]
    assert sorted(keys) == [(epoch, index) for index in range(num_images)]
    assert [len(batch) for batch in batches[:-1]] == [batch_size] * (len(batches) - 1)
    assert 1 <= len(batches[-1]) <= batch_size


def test_the_order_is_a_function_of_seed_and_epoch():
    orders = [
        [key[1] for key in epoch_batches(50, 50, seed, epoch)[0]] for seed, epoch in ((0, 0), (0, 1), (1, 0), (0, 0))
    ]
    assert orders[0] == orders[3]
    assert len({tuple(order) for order in orders}) == 3


SIZES = ((64, 64), (96, 96), (128, 128))


@given(st.integers(1, 200), st.integers(1, 50), st.integers(0, 2**40), st.integers(0, 1000))
def test_all_keys_of_a_batch_have_one_size_and_the_order_is_the_same(num_images, batch_size, seed, epoch):
    plain, sized = (epoch_batches(num_images, batch_size, seed, epoch, sizes) for sizes in ((), SIZES))
    assert [[key[:2] for key in batch] for batch in sized] == plain
    assert all(len({key[2] for key in batch}) == 1 for batch in sized)
    assert {key[2] for batch in sized for key in batch} <= set(SIZES)
    assert sized == epoch_batches(num_images, batch_size, seed, epoch, SIZES)


def test_sizes_change_from_batch_to_batch_and_epoch_to_epoch():
    first, second = ([batch[0][2] for batch in epoch_batches(60, 2, 0, epoch, SIZES)] for epoch in (0, 1))
    assert set(first) == set(SIZES)
    assert first != second


@given(st.integers(1, 40), st.integers(1, 40))
def test_sizes_are_multiples_of_32_that_keep_the_proportion(rows, columns):
    sizes = input_sizes(multiscale=True, preprocess=Preprocess(rows * 32, columns * 32, 0))
    longest = 32 * max(rows, columns)
    assert (rows * 32, columns * 32) in sizes
    for height, width in sizes:
        assert height % 32 == width % 32 == 0
        assert 0.75 * longest <= max(height, width) <= 1.25 * longest
        factor = max(height, width) / longest
        assert abs(min(height, width) - max(32, factor * 32 * min(rows, columns))) <= 16


def test_named_sizes_are_taken_once_each():
    assert input_sizes((64, 96, 64), Preprocess(64, 128, 0)) == ((32, 64), (64, 96))
    assert input_sizes(multiscale=False, preprocess=Preprocess(64, 64, 0)) == ()
