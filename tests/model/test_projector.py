"""Projection to the model's width."""

import pytest
import torch

from yolozu.model.projector import Projector


def test_every_level_gets_the_same_width():
    projected = Projector((4, 8, 12), 16)([torch.randn(2, channels, 3, 5) for channels in (4, 8, 12)])
    assert [level.shape for level in projected] == [(2, 16, 3, 5)] * 3


def test_a_missing_level_is_noticed():
    with pytest.raises(ValueError, match="shorter"):
        Projector((4, 8), 16)([torch.randn(2, 4, 3, 5)])
