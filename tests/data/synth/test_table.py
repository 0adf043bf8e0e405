from __future__ import annotations

import numpy as np

from yolozu.data.synth.scene import draw_scene
from yolozu.data.synth.table import table_picture


def tables(count, colors="muted"):
    generators = [np.random.default_rng(number) for number in range(count)]
    scenes = [draw_scene(generator, size=64, max_objects=1, table=colors) for generator in generators]
    return [table_picture(scene) for scene in scenes]


def test_a_table_is_a_picture_in_range_and_never_blank():
    for picture in tables(20):
        assert (picture.shape, picture.dtype) == ((64, 64, 3), np.float32)
        assert picture.min() >= 0
        assert picture.max() <= 1
        assert picture.std() > 0.005


def test_tables_differ_and_repeat():
    first, second, again = *tables(2), tables(1)[0]
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, again)


def test_tables_are_less_colorful_than_solids():
    for picture in tables(20):
        mean = picture.reshape(-1, 3).mean(axis=0)
        assert np.ptp(mean) < 0.25


def test_bright_tables_are_as_colorful_as_solids():
    for picture in tables(20, "bright"):
        mean = picture.reshape(-1, 3).mean(axis=0)
        assert np.ptp(mean) > 0.3
