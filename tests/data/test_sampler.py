from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from yolozu.data.sampler import Replay, epoch_batches, record_of


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


@given(st.integers(1, 60), st.integers(2, 12), st.integers(1, 20), st.integers(0, 2**40), st.data())
def test_replayed_images_are_in_every_batch_and_the_others_come_as_without(own, size, kept, seed, data):
    replay, epoch = Replay(kept, data.draw(st.integers(1, size - 1))), data.draw(st.integers(0, 1000))
    batches = epoch_batches(own, size, seed, epoch, replay=replay)
    new = [[index for _, index in batch if index < own] for batch in batches]
    plain = epoch_batches(own, size - replay.per_batch, seed, epoch)
    assert [sorted(batch) for batch in new] == [sorted(index for _, index in batch) for batch in plain]
    assert all(len(batch) <= size for batch in batches)
    again = [index for batch in batches for _, index in batch if index >= own]
    assert len(set(again)) == len(again) == replay.per_batch * len(batches)  # each showing is varied on its own
    for batch in batches:
        shown = [record_of(index, own, kept) - own for _, index in batch if index >= own]
        assert len(shown) == replay.per_batch
        assert set(shown) <= set(range(kept))
        assert len(set(shown)) == min(kept, replay.per_batch)
    assert batches == epoch_batches(own, size, seed, epoch, replay=replay)


def test_replayed_images_are_drawn_fairly_and_stand_anywhere_in_a_batch():
    batches = [batch for epoch in range(200) for batch in epoch_batches(30, 8, 0, epoch, replay=Replay(7, 3))]
    shown = np.bincount([record_of(index, 30, 7) - 30 for batch in batches for _, index in batch if index >= 30])
    places = np.bincount([place for batch in batches for place, (_, index) in enumerate(batch) if index >= 30])
    assert chisquare(shown).pvalue > 1e-3
    assert chisquare(places).pvalue > 1e-3


def test_sizes_of_batches_do_not_depend_on_what_is_replayed():
    batches = epoch_batches(20, 4, 0, 0, SIZES, replay=Replay(5, 2))
    assert [batch[0][2] for batch in batches] == [batch[0][2] for batch in epoch_batches(20, 2, 0, 0, SIZES)]
    assert all(len({key[2] for key in batch}) == 1 for batch in batches)
