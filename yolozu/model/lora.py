"""Low-rank adapters beside the linear layers and 1x1 convolutions of any network.

Source: Hu et al., LoRA: Low-Rank Adaptation of Large Language Models, ICLR 2022, section 4.1.
"""

# Shapes: I and O channels in and out, r rank.

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from yolozu.contract.sections.lora import LoraTarget
from yolozu.model.linear import Linear

BASE, DOWN, UP = "base", "lora_down", "lora_up"

Layer = nn.Linear | nn.Conv2d
"""What can have an adapter."""

UP_TO_ENCODER = ("backbone.", "projector.", "encoder.", "memory_projector.")
"""What layers of a detector's backbone and encoder are called; all others are its head."""


class LoraLayer(nn.Module):
    """A layer and its adapter: ``base(x) + alpha / r · up(down(x))``, with dropout on the adapter's ``x`` in training.

    ``up`` begins at zero: a fresh adapter changes nothing, to the last bit.

    Attributes:
        base: the layer as it was; its weight may be quantized.
        scale: alpha / r.
        dropout: share of the adapter's input that is dropped when training.
    """

    def __init__(
        self, base: Layer, *, rank: int, alpha: float, dropout: float = 0.0, generator: torch.Generator | None = None
    ) -> None:
        """Put an adapter beside ``base``; ``generator`` (PyTorch's own) draws the first ``down``, as a layer's is."""
        super().__init__()
        self.base = base
        self.scale, self.dropout = alpha / rank, dropout
        down, up = _pair(base, rank)
        with torch.no_grad():
            bound = 1.0 / math.sqrt(down.weight[0].numel())
            down.weight.copy_(torch.rand(down.weight.shape, generator=generator) * (2.0 * bound) - bound)
            up.weight.zero_()
        self.lora_down, self.lora_up = down.to(base.weight.device), up.to(base.weight.device)

    def forward(self, values: Tensor) -> Tensor:
        """What ``base`` gives, and the adapter's part."""
        seen = F.dropout(values, self.dropout, self.training) if self.dropout > 0.0 else values
        adapted: Tensor = self.base(values) + self.lora_up(self.lora_down(seen) * self.scale)
        return adapted

    @property
    def can_be_merged(self) -> bool:
        """Whether the base's weight is made of plain numbers, to which others can be added."""
        return type(self.base.weight) is nn.Parameter

    @torch.no_grad()
    def merged(self) -> Layer:
        """The base, with the adapter's part in its weight (see `merged_weight`); this layer is of no use afterwards."""
        weight = merged_weight(self.base.weight, self.lora_down.weight, self.lora_up.weight, self.scale)
        self.base.weight.copy_(weight)
        return self.base


def merged_weight(weight: Tensor, down: Tensor, up: Tensor, scale: float) -> Tensor:
    """``weight + scale · up · down``, computed in float64 and rounded once, to ``weight``'s type.

    Args:
        weight: (O, I) or (O, I, 1, 1).
        down: (r, I) or (r, I, 1, 1).
        up: (O, r) or (O, r, 1, 1).
        scale: alpha / r.
    """
    product_OI = up.flatten(1).double() @ down.flatten(1).double()
    return (weight.double() + scale * product_OI.view(weight.shape)).to(weight.dtype)


def _pair(base: Layer, rank: int) -> tuple[Layer, Layer]:
    if isinstance(base, nn.Linear):
        return Linear(base.in_features, rank, bias=False), Linear(rank, base.out_features, bias=False)
    rows, columns = base.stride
    down = nn.Conv2d(base.in_channels, rank, 1, (rows, columns), bias=False)
    return down, nn.Conv2d(rank, base.out_channels, 1, bias=False)


def can_be_adapted(layer: nn.Module) -> bool:
    """Whether a layer is linear, or a convolution of single cells."""
    if isinstance(layer, nn.Conv2d):
        return layer.kernel_size == (1, 1) and layer.padding == (0, 0) and layer.groups == 1
    return isinstance(layer, nn.Linear)


def is_target(name: str, layer: nn.Module, target: LoraTarget) -> bool:
    """Whether a layer of this name has an adapter."""
    if not can_be_adapted(layer):
        return False
    match target:
        case "head":
            return isinstance(layer, nn.Linear) and not name.startswith(UP_TO_ENCODER)
        case "all_linear":
            return isinstance(layer, nn.Linear)
        case "all_conv1x1":
            return isinstance(layer, nn.Conv2d)
        case "all_linear_conv1x1":
            return True


def attach_lora(
    network: nn.Module,
    *,
    rank: int,
    alpha: float,
    dropout: float = 0.0,
    target: LoraTarget = "all_linear_conv1x1",
    generator: torch.Generator | None = None,
) -> list[str]:
    """Put fresh adapters beside all targeted layers of ``network`` that have none.

    Args:
        network: changed in place; what it gives stays the same to the last bit.
        rank: of the adapters.
        alpha: their scale is ``alpha / rank``.
        dropout: share of their input that is dropped when training.
        target: which layers.
        generator: (on the CPU) of the adapters' first weights; None is PyTorch's own.

    Returns:
        Names of the adapted layers.
    """
    found = [place for place in _places(network) if is_target(place[0], getattr(place[1], place[2]), target)]
    for _, parent, name in found:
        layer = LoraLayer(getattr(parent, name), rank=rank, alpha=alpha, dropout=dropout, generator=generator)
        setattr(parent, name, layer.train(parent.training))
    return [path for path, _, _ in found]


def detach_lora(network: nn.Module) -> None:
    """Take all adapters off ``network``, and with them what they have learned."""
    for _, parent, name in [*_adapted(network)]:
        setattr(parent, name, getattr(parent, name).base)


def merge_lora(network: nn.Module) -> list[str]:
    """Put what adapters have learned into the weights of their layers, and take them off.

    Layers whose weight is quantized keep theirs.

    Returns:
        Names of the layers that have none any more.
    """
    found = [place for place in _adapted(network) if getattr(place[1], place[2]).can_be_merged]
    for _, parent, name in found:
        setattr(parent, name, getattr(parent, name).merged())
    return [path for path, _, _ in found]


def adapted_layers(network: nn.Module) -> list[str]:
    """Names of the layers that have an adapter."""
    return [path for path, _, _ in _adapted(network)]


def has_lora(network: nn.Module) -> bool:
    """Whether any layer has an adapter."""
    return any(isinstance(layer, LoraLayer) for layer in network.modules())


def is_lora_parameter(name: str) -> bool:
    """Whether a parameter of this name is part of an adapter."""
    return name.split(".")[-2:-1] in ([DOWN], [UP])


def base_name(name: str) -> str:
    """What a tensor of an adapted network is called in the same network without adapters."""
    return name.replace(f".{BASE}.", ".", 1)


def merged_tensors(tensors: Mapping[str, Tensor], *, scale: float) -> dict[str, Tensor]:
    """The state dict of a network without adapters that computes what one with these tensors does.

    Args:
        tensors: state dict of the network with adapters.
        scale: alpha / r of all of them.
    """
    merged = {base_name(name): tensor for name, tensor in tensors.items() if not is_lora_parameter(name)}
    for name, down in tensors.items():
        layer, _, own = name.rpartition(f".{DOWN}.")
        if own == "weight" and is_lora_parameter(name):
            weight = merged[f"{layer}.weight"]
            merged[f"{layer}.weight"] = merged_weight(weight, down, tensors[f"{layer}.{UP}.weight"], scale)
    return merged


def _places(network: nn.Module) -> Iterator[tuple[str, nn.Module, str]]:
    """Every layer outside adapters as (path, parent, name)."""
    for path, parent in network.named_modules():
        if not isinstance(parent, LoraLayer) and f".{DOWN}" not in path and f".{UP}" not in path:
            for name, _ in parent.named_children():
                yield f"{path}.{name}".lstrip("."), parent, name


def _adapted(network: nn.Module) -> Iterator[tuple[str, nn.Module, str]]:
    return (place for place in _places(network) if isinstance(getattr(place[1], place[2]), LoraLayer))
