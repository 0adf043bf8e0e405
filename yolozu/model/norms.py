"""Normalization of feature maps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

MOST_GROUPS = 32

BATCH_AND_CELLS = (0, 2, 3)
"""Dimensions of (B, C, H, W) that statistics of a channel are taken over."""


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
        scale_C, shift_C = self.scale_and_shift()
        return features_BCHW * scale_C[:, None, None] + shift_C[:, None, None]

    def scale_and_shift(self) -> tuple[Tensor, Tensor]:
        """(C,) and (C,): what a map is multiplied by, and what is added then."""
        scale_C = self.weight * (self.running_var + self.eps).rsqrt()
        return scale_C, self.bias - self.running_mean * scale_C


class BatchNorm2d(nn.BatchNorm2d):
    """`torch.nn.BatchNorm2d`, which refuses to train where a channel has one value: one image of one cell.

    A single value is its own mean, and nothing is left of it. It is normalized by the running statistics instead, as in
    evaluation, and they stay as they are.
    """

    def forward(self, features_BCHW: Tensor) -> Tensor:
        """The same map, normalized, scaled and shifted per channel."""
        if self.training and features_BCHW.numel() == features_BCHW.shape[1]:
            return self._by_running_statistics(features_BCHW)
        return super().forward(features_BCHW)

    def _by_running_statistics(self, features_BCHW: Tensor) -> Tensor:
        return F.batch_norm(
            features_BCHW, self.running_mean, self.running_var, self.weight, self.bias, training=False, eps=self.eps
        )


class GroupNorm(nn.GroupNorm):
    """`torch.nn.GroupNorm`, which refuses a single image of which a group has one value, and only then.

    Of several such images it makes the bias; so does this of one.
    """

    def forward(self, features_BCHW: Tensor) -> Tensor:
        """The same map, normalized, scaled and shifted per channel."""
        if features_BCHW.numel() == self.num_groups:
            return torch.group_norm(features_BCHW, self.num_groups, self.weight, self.bias, self.eps)
        return super().forward(features_BCHW)


class SyncBatchNorm2d(BatchNorm2d):
    """Batch normalization with the statistics of the batches of all processes, of whatever sizes, together.

    Where there is one process, and in evaluation, it is `BatchNorm2d` bit for bit; tensors have the same
    names. Statistics and sums are float32 under autocast. In training every process must come by, also one without
    images; gradients of weight and bias are those of the process's own images, for the caller to sum with all others.
    """

    def forward(self, features_BCHW: Tensor) -> Tensor:
        """The same map, normalized, scaled and shifted per channel."""
        if not self.training or _num_processes() == 1:
            return super().forward(features_BCHW)
        assert self.momentum is not None
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        found = _statistics_of_all(features_BCHW)
        # Whoever has more than one value knows, without asking the device, that all processes together do.
        if features_BCHW.numel() <= features_BCHW.shape[1] and found.count <= 1.0:
            return self._by_running_statistics(features_BCHW)
        with torch.no_grad():
            self.num_batches_tracked.add_(1)
            unbiased_C = found.squares_C / (found.count - 1.0).clamp(min=1.0)
            self.running_mean.lerp_(found.mean_C.to(self.running_mean.dtype), self.momentum)
            self.running_var.lerp_(unbiased_C.to(self.running_var.dtype), self.momentum)
        normalized: Tensor = _NormalizeByAll.apply(features_BCHW, self.weight, self.bias, found, self.eps)  # type: ignore[no-untyped-call]
        return normalized


@dataclass(frozen=True)
class Statistics:
    """Of the values of each channel, float64.

    Attributes:
        count: () values per channel.
        mean_C: (C,).
        squares_C: (C,) sum of squared differences from the mean.
    """

    count: Tensor
    mean_C: Tensor
    squares_C: Tensor


class _NormalizeByAll(torch.autograd.Function):
    """(x - mean) / sqrt(variance + eps) * weight + bias, where mean and variance depend on every process's x."""

    @staticmethod
    def forward(  # noqa: PLR0917 - apply() takes no keywords
        ctx: Any, features_BCHW: Tensor, weight_C: Tensor, bias_C: Tensor, found: Statistics, eps: float
    ) -> Tensor:
        mean_C = found.mean_C.to(weight_C.dtype)
        variance_C = (found.squares_C / found.count.clamp(min=1.0)).to(weight_C.dtype)
        ctx.save_for_backward(features_BCHW, weight_C, mean_C, (variance_C + eps).rsqrt(), found.count)
        return F.batch_norm(features_BCHW, mean_C, variance_C, weight_C, bias_C, training=False, eps=eps)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_BCHW: Tensor) -> tuple[Tensor | None, ...]:
        """With y the normalized x and bars over all processes: dx = weight / std * (dy - mean(dy) - y * mean(dy * y)).

        Source: Ioffe and Szegedy, Batch Normalization, ICML 2015, section 3.
        """
        features_BCHW, weight_C, mean_C, inverse_std_C, count = ctx.saved_tensors
        wide_BCHW = grad_BCHW.to(mean_C.dtype)
        normal_BCHW = (features_BCHW.to(mean_C.dtype) - mean_C[:, None, None]) * inverse_std_C[:, None, None]
        sums_2C = torch.stack([wide_BCHW.sum(BATCH_AND_CELLS), (wide_BCHW * normal_BCHW).sum(BATCH_AND_CELLS)])
        grad_bias_C, grad_weight_C = sums_2C.unbind()
        if not ctx.needs_input_grad[0]:
            return None, grad_weight_C, grad_bias_C, None, None
        totals_2C = sums_2C.clone()
        distributed.all_reduce(totals_2C)
        mean_grad_C, mean_product_C = (totals_2C / count.to(mean_C.dtype).clamp(min=1.0)).unbind()
        inner_BCHW = wide_BCHW - mean_grad_C[:, None, None] - normal_BCHW * mean_product_C[:, None, None]
        grad_features_BCHW = inner_BCHW * (weight_C * inverse_std_C)[:, None, None]
        return grad_features_BCHW.to(features_BCHW.dtype), grad_weight_C, grad_bias_C, None, None


@contextmanager
def running_statistics(module: nn.Module) -> Iterator[None]:
    """In the block, norms in ``module`` use their running statistics, as in evaluation, and leave them as they are."""
    learning = [
        norm
        for norm in module.modules()
        if isinstance(norm, nn.modules.batchnorm._BatchNorm) and norm.training  # noqa: SLF001 - the one base of them
    ]
    for norm in learning:
        norm.eval()
    try:
        yield
    finally:
        for norm in learning:
            norm.train()


def _num_processes() -> int:
    """Members of the default process group; 1 where there is none."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


@torch.no_grad()
def _statistics_of_all(features_BCHW: Tensor) -> Statistics:
    """Of all processes' values: the same bits on each of them.

    Combined from those of every process, which loses no digits where means are large beside deviations.
    Source: Chan, Golub and LeVeque, Updating Formulae and a Pairwise Algorithm for Computing Sample Variances, 1979.
    """
    own = _own_statistics(features_BCHW)
    packed = torch.cat([own.count[None], own.mean_C, own.squares_C])
    gathered = [torch.empty_like(packed) for _ in range(_num_processes())]
    distributed.all_gather(gathered, packed)
    rows_R = torch.stack(gathered)
    counts_R1, means_RC, squares_RC = torch.split(rows_R, [1, len(own.mean_C), len(own.mean_C)], dim=1)
    count = counts_R1.sum()
    mean_C = (counts_R1 * means_RC).sum(dim=0) / count.clamp(min=1.0)
    squares_C = (squares_RC + counts_R1 * (means_RC - mean_C).square()).sum(dim=0)
    return Statistics(count, mean_C, squares_C)


def _own_statistics(features_BCHW: Tensor) -> Statistics:
    """Of this process's values; zeros where it has none."""
    channels, count = features_BCHW.shape[1], features_BCHW.numel() // features_BCHW.shape[1]
    if count == 0:
        zeros_C = features_BCHW.new_zeros(channels, dtype=torch.float64)
        return Statistics(zeros_C.new_zeros(()), zeros_C, zeros_C)
    wide_BCHW = features_BCHW.to(torch.promote_types(features_BCHW.dtype, torch.float32))
    variance_C, mean_C = torch.var_mean(wide_BCHW, BATCH_AND_CELLS, correction=0)
    return Statistics(variance_C.new_full((), count, dtype=torch.float64), mean_C.double(), variance_C.double() * count)


def make_norm(name: str, channels: int) -> nn.Module:
    """A normalization layer of ``channels``.

    Args:
        name: ``bn`` (batch statistics), ``syncbn`` (those of all processes together), ``frozenbn`` (fixed statistics)
            or ``gn`` (groups of channels within an image: the largest number up to 32 that divides 32 and the
            channels).
        channels: of the feature map.
    """
    if name == "bn":
        return BatchNorm2d(channels)
    if name == "syncbn":
        return SyncBatchNorm2d(channels)
    if name == "frozenbn":
        return FrozenBatchNorm(channels)
    assert name == "gn", name
    return GroupNorm(math.gcd(channels, MOST_GROUPS), channels)
