"""Which images are chosen."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from yolozu.data.selection import choose

IMAGES = {f"{number:03d}.jpg": {number % 5} if number % 7 else set() for number in range(60)}
sets = st.dictionaries(st.text(max_size=8), st.frozensets(st.integers(0, 5), max_size=3), max_size=30)


def test_the_choice_is_the_same_everywhere():
    assert choose(IMAGES, seed=0, count=5, per_class=None) == ["000.jpg", "014.jpg", "024.jpg", "042.jpg", "045.jpg"]


def test_another_seed_chooses_others():
    assert choose(IMAGES, seed=1, count=20, per_class=None) != choose(IMAGES, seed=2, count=20, per_class=None)


@given(sets, st.integers(0, 3), st.integers(0, 40))
def test_order_of_files_does_not_matter(images, seed, count):
    turned = dict(reversed(images.items()))
    assert choose(images, seed=seed, count=count, per_class=None) == choose(
        turned, seed=seed, count=count, per_class=None
    )


@given(sets, st.integers(0, 3), st.integers(0, 40))
def test_a_larger_choice_holds_the_smaller_one(images, seed, count):
    small, large = (choose(images, seed=seed, count=wanted, per_class=None) for wanted in (count, count + 3))
    assert set(small) <= set(large)
    assert len(small) == min(count, len(images))
    assert small == sorted(small)


@given(sets, st.integers(1, 4))
def test_every_class_is_on_as_many_images_as_asked_or_on_all_it_has(images, per_class):
    chosen = choose(images, seed=0, count=None, per_class=per_class)
    there = Counter(index for classes in images.values() for index in classes)
    got = Counter(index for name in chosen for index in images[name])
    assert all(got[index] >= min(per_class, number) for index, number in there.items())


def test_classes_come_first_and_others_fill_up():
    covering = choose(IMAGES, seed=0, count=None, per_class=1)
    assert len(covering) == 5
    filled = choose(IMAGES, seed=0, count=12, per_class=1)
    assert (len(filled), set(covering) <= set(filled)) == (12, True)
