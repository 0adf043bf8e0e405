"""What every change of pictures keeps to."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.data.corruption.pictures import scene
from yolozu.data.corruption.corruption import Corruption
from yolozu.data.corruption.registry import CORRUPTIONS
from yolozu.data.transform import ImageTransform

TRANSFORMS: list[ImageTransform] = [Corruption(kind, 3) for kind in CORRUPTIONS]


@pytest.mark.parametrize("transform", TRANSFORMS, ids=str)
def test_the_same_image_is_changed_the_same_way_whatever_came_before(transform):
    first = transform(scene(30, 41), "a.png")
    transform(scene(20, 20), "b.png")
    assert first.shape == (30, 41, 3)
    assert np.array_equal(transform(scene(30, 41), "a.png"), first)


@pytest.mark.parametrize("transform", TRANSFORMS, ids=str)
def test_what_is_done_can_be_written_down(transform):
    described = transform.describe()
    assert json.loads(json.dumps(described)) == described
