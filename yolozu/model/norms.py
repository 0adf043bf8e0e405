"""Normalization of feature maps."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

MOST_GROUPS = 32


class FrozenBatchNorm(nn.Module):
    """Batch normalization whose statistics and affine part never change: for pretrained backbones and tiny batches.

    Buffers are named as in `torch.nn.BatchNorm2d`, whose trained values it takes over.
    """

    weight: Tensor
    bias: Tensor
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.register_buffer("weight", torch.ones(channels))
        self.register_buffer("bias", torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, features_BCHW: Tensor) -> Tensor:
        """The same map, scaled and shifted per channel."""
        scale = self.weight * (self.running_var + self.eps).rsqrt()
        shift = self.bias - self.running_mean * scale
        return features_BCHW * scale[:, None, None] + shift[:, None, None]


def make_norm(name: str, channels: int) -> nn.Module:
    """A normalization layer of ``channels``.

    Args:
        name: ``bn`` (batch statistics), ``frozenbn`` (fixed statistics) or ``gn`` (groups of channels within an image:
            the largest number up to 32 that divides 32 and the channels).
        channels: of the feature map.
    """
    if name == "bn":
        return nn.BatchNorm2d(channels)
    if name == "frozenbn":
        return FrozenBatchNorm(channels)
    assert name == "gn", name
    return nn.GroupNorm(math.gcd(channels, MOST_GROUPS), channels)
