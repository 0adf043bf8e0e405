"""Low-rank adapters beside the linear layers and 1x1 convolutions of any network.

Source: Hu et al., LoRA: Low-Rank Adaptation of Large Language Models, ICLR 2022, section 4.1.
"""

# Shapes: I and O channels in and out, r rank.

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

DOWN, UP = "lora_down", "lora_up"

Layer = nn.Linear | nn.Conv2d
"""What can have an adapter."""


class LoraLayer(nn.Module):
    """A layer and its adapter: ``base(x) + alpha / r · up(down(x))``.

    ``up`` begins at zero: a fresh adapter changes nothing, to the last bit.
    """

    def __init__(self, base: Layer, *, rank: int, alpha: float, generator: torch.Generator) -> None:
        """Put an adapter beside ``base``; ``generator`` (on the CPU) draws the first ``down``, as a layer's is."""
        super().__init__()
        self.base = base
        self.scale = alpha / rank
        down, up = _pair(base, rank)
        with torch.no_grad():
            bound = 1.0 / math.sqrt(down.weight[0].numel())
            down.weight.copy_(torch.rand(down.weight.shape, generator=generator) * (2.0 * bound) - bound)
            up.weight.zero_()
        self.lora_down, self.lora_up = down.to(base.weight), up.to(base.weight)

    def forward(self, values: Tensor) -> Tensor:
        """What ``base`` gives, and the adapter's part."""
        adapted: Tensor = self.base(values) + self.lora_up(self.lora_down(values)) * self.scale
        return adapted


def _pair(base: Layer, rank: int) -> tuple[Layer, Layer]:
    if isinstance(base, nn.Linear):
        return nn.Linear(base.in_features, rank, bias=False), nn.Linear(rank, base.out_features, bias=False)
    rows, columns = base.stride
    return nn.Conv2d(base.in_channels, rank, 1, (rows, columns), bias=False), nn.Conv2d(
        rank, base.out_channels, 1, bias=False
    )


def can_be_adapted(layer: nn.Module) -> bool:
    """Whether a layer is linear, or a convolution of single cells."""
    if isinstance(layer, nn.Conv2d):
        return layer.kernel_size == (1, 1) and layer.padding == (0, 0) and layer.groups == 1
    return isinstance(layer, nn.Linear)


def attach_lora(network: nn.Module, *, rank: int, alpha: float, seed: int) -> list[str]:
    """Put fresh adapters beside all layers of ``network`` that can have one and have none.

    Args:
        network: changed in place; what it gives stays the same to the last bit.
        rank: of the adapters.
        alpha: their scale is ``alpha / rank``.
        seed: of the adapters' first weights.

    Returns:
        Names of the adapted layers.
    """
    generator = torch.Generator().manual_seed(seed)
    found = [place for place in _places(network) if can_be_adapted(getattr(place[1], place[2]))]
    for _, parent, name in found:
        setattr(parent, name, LoraLayer(getattr(parent, name), rank=rank, alpha=alpha, generator=generator))
    return [path for path, _, _ in found]


def detach_lora(network: nn.Module) -> None:
    """Take all adapters off ``network``, and with them what they have learned."""
    for _, parent, name in [*_adapted(network)]:
        setattr(parent, name, getattr(parent, name).base)


def has_lora(network: nn.Module) -> bool:
    """Whether any layer has an adapter."""
    return any(isinstance(layer, LoraLayer) for layer in network.modules())


def is_lora_parameter(name: str) -> bool:
    """Whether a parameter of this name is part of an adapter."""
    return name.split(".")[-2:-1] in ([DOWN], [UP])


def _places(network: nn.Module) -> Iterator[tuple[str, nn.Module, str]]:
    """Every layer outside adapters as (path, parent, name)."""
    for path, parent in network.named_modules():
        if not isinstance(parent, LoraLayer) and f".{DOWN}" not in path and f".{UP}" not in path:
            for name, _ in parent.named_children():
                yield f"{path}.{name}".lstrip("."), parent, name


def _adapted(network: nn.Module) -> Iterator[tuple[str, nn.Module, str]]:
    return (place for place in _places(network) if isinstance(getattr(place[1], place[2]), LoraLayer))
