"""Statistics of BatchNorm layers that move from those of training toward those of the pictures."""

# Shapes: B images, C channels, H and W of the network input.

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

MOST_COUNTED = 64
"""Pictures that those before count as at most, so that a stream that changes is followed."""


class NormStatistics:
    """Mean and variance of every BatchNorm layer, as of a mixture of the training data and the pictures.

    The training's statistics count as ``1 / weight - 1`` pictures. Each layer is updated before it normalizes, so that
    the layers behind it see pictures normalized as they will be when they are predicted: one pass is enough.
    Source: Schneider et al., Improving robustness against common corruptions by covariate shift adaptation, NeurIPS
    2020, equation 4, for one layer; the order of the layers, and the variance of the mixture instead of mixed
    variances, which counts how pictures differ from each other too, are ours.
    """

    def __init__(self, network: nn.Module, weight: float) -> None:
        """Watch the layers of ``network``.

        Args:
            network: its layers are in evaluation mode when it runs.
            weight: of one picture against training, 0 to 1; with 0 nothing moves.
        """
        self.layers: list[nn.Module] = [] if weight == 0.0 else _with_statistics(network)
        self.count = 0
        self._prior = 0.0 if weight == 0.0 else 1.0 / weight - 1.0

    @contextmanager
    def learning_from(self, images: int) -> Iterator[None]:
        """In the block, the network runs once on so many ``images``, and the layers learn from what passes them.

        A layer that the network runs several times learns from the first: the gradient needs what it then was.
        """
        share = images / (self._prior + min(self.count, MOST_COUNTED) + images)
        waiting = {*self.layers}

        def learn(layer: nn.Module, inputs: tuple[Any, ...]) -> None:
            if layer in waiting:
                waiting.remove(layer)
                _mix(layer, inputs[0].detach(), share)

        hooks = [layer.register_forward_pre_hook(learn) for layer in self.layers]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
        self.count += images

    def tensors(self) -> list[Tensor]:
        """All that moves."""
        return [values for layer in self.layers for values in (layer.running_mean, layer.running_var)]  # type: ignore[misc]


def _with_statistics(network: nn.Module) -> list[nn.Module]:
    return [
        layer
        for layer in network.modules()
        if isinstance(layer, nn.modules.batchnorm._BatchNorm) and layer.running_mean is not None  # noqa: SLF001
    ]


@torch.no_grad()
def _mix(layer: Any, features: Tensor, share: float) -> None:
    # Not by second moments: their difference loses small variances about a large mean.
    var_C, mean_C = torch.var_mean(features.float(), [0, *range(2, features.ndim)], correction=0)
    apart_C = mean_C - layer.running_mean
    layer.running_mean.lerp_(mean_C, share)
    layer.running_var.mul_(1.0 - share).add_(share * (var_C + (1.0 - share) * apart_C.square()))
