"""Rotation."""

import torch

from yolozu.geometry.rotations import rot6d_to_matrix
from yolozu.model.heads.base import HeadSizes
from yolozu.model.heads.rotation import RotationHead


def test_rotations_start_at_the_identity():
    head = RotationHead(HeadSizes(d_model=8, num_classes=5))
    rot6d = head(torch.randn(4, 8), torch.rand(4, 4), (64, 64))
    assert torch.equal(rot6d_to_matrix(rot6d), torch.eye(3).expand(4, 3, 3))
