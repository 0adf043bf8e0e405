from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yolozu.data.sampler import epoch_batches


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
