"""Reservoir sampling: every item of the stream is as likely, however the stream is cut into tasks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from yolozu.continual.reservoir import let_in


def after(tasks, capacities, seed):
    """Items (numbers in the stream of all tasks) in the reservoir after the last task."""
    items, seen = [], 0
    for count, capacity in zip(tasks, capacities, strict=True):
        found = let_in(len(items), seen, count, capacity=capacity, seed=seed)
        items = [*(items[place] for place in found.stayed), *(seen + place for place in found.entered)]
        seen = found.seen
    assert seen == sum(tasks)
    return items


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 20)), min_size=1, max_size=4), st.integers(0, 2**32 - 1))
def test_it_holds_distinct_items_of_the_stream_in_their_order_and_never_too_many(tasks, seed):
    counts, capacities = [count for count, _ in tasks], [capacity for _, capacity in tasks]
    items = after(counts, capacities, seed)
    assert items == sorted(set(items))
    assert set(items) <= set(range(sum(counts)))
    assert len(items) <= capacities[-1]
    assert items == after(counts, capacities, seed)


@given(st.integers(0, 40), st.integers(1, 20), st.integers(0, 40), st.integers(0, 99))
def test_of_one_capacity_it_is_full_or_holds_everything(first, capacity, second, seed):
    assert len(after([first, second], [capacity, capacity], seed)) == min(capacity, first + second)


@pytest.mark.parametrize(
    ("tasks", "capacities", "size"),
    [
        ([24], [6], 6),
        ([10, 14], [6, 6], 6),
        ([16, 4, 4], [6, 6, 6], 6),
        ([12, 12], [8, 5], 5),  # smaller from the second task on
        ([4, 20], [6, 8], 8),  # larger, while everything is still there
        ([12, 12], [5, 8], 5),  # larger, when items are gone already: it does not grow
    ],
)
def test_every_image_of_all_tasks_is_as_likely(tasks, capacities, size):
    draws = 4000
    counts = np.zeros(24)
    for seed in range(draws):
        items = after(tasks, capacities, seed)
        assert len(items) == size
        counts[items] += 1
    assert counts.sum() == draws * size
    # A fair reservoir gives a smaller p for one of 1000 seeds.
    assert chisquare(counts).pvalue > 1e-3


def test_another_seed_chooses_otherwise():
    assert len({tuple(after([100], [10], seed)) for seed in range(20)}) == 20
