"""Depth."""

import math

import pytest
import torch

from yolozu.model.heads.base import HeadSizes
from yolozu.model.heads.depth import FIRST_SIZE_M, DepthHead


def said(*boxes):
    head = DepthHead(HeadSizes(d_model=8, num_classes=5))
    return head(torch.randn(len(boxes), 8), torch.tensor(boxes), (480, 640))[:, 0].tolist()


def test_an_object_starts_as_far_as_ten_centimetres_look_so_large():
    """A box of a twentieth of the picture: 0.1 m over 0.05 times the normalized focal length."""
    assert said((0.5, 0.5, 0.05, 0.05)) == pytest.approx([math.log(FIRST_SIZE_M / 0.05)])


def test_half_as_large_is_twice_as_far_and_the_place_does_not_matter():
    near, far, elsewhere = said((0.5, 0.5, 0.4, 0.1), (0.5, 0.5, 0.2, 0.05), (0.1, 0.9, 0.4, 0.1))
    assert far - near == pytest.approx(math.log(2), abs=1e-6)
    assert elsewhere == near
