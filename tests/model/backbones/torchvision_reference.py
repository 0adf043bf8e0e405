"""Weights and images by formula, and what torchvision's networks make of them.

`torchvision_maps.json` was recorded with torchvision 0.29.2 and torch 2.13.0 (CPU, one thread) by

    python -m tests.model.backbones.torchvision_reference

run where torchvision imports; where its compiled operators do not fit torch, defining the schemas of
``torchvision::nms`` and ``torchvision::qnms`` through `torch.library` first is enough. The tests need no torchvision.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

PATH = Path(__file__).with_name("torchvision_maps.json")
NUM_VALUES = 6
STAGES = {"resnet50": ["layer2", "layer3", "layer4"], "convnext_tiny": ["features.3", "features.5", "features.7"]}
"""Modules of torchvision's networks that give P3, P4 and P5."""


def uniform(name: str, shape: torch.Size | tuple[int, ...]) -> Tensor:
    """Numbers in [0, 1), scattered: the fraction of 43758.5453 sin(12.9898 i + p), p of the bytes of the name."""
    phase = sum(position * byte for position, byte in enumerate(name.encode(), start=1)) % 997
    index = torch.arange(math.prod(shape), dtype=torch.float64)
    return (torch.sin(index * 12.9898 + phase) * 43758.5453).remainder(1.0).view(shape)


def formula_state(like: dict[str, Tensor]) -> dict[str, Tensor]:
    """A state dict in torchvision's names: unit-variance weights, statistics and affine parts unlike one another."""
    return {name: _formula_tensor(name, tensor) for name, tensor in like.items()}


def _formula_tensor(name: str, tensor: Tensor) -> Tensor:
    if not tensor.is_floating_point():
        return torch.zeros_like(tensor)
    numbers = uniform(name, tensor.shape)
    if tensor.dim() in {2, 4}:
        return ((2.0 * numbers - 1.0) * math.sqrt(3.0 / tensor[0].numel())).float()
    if name.endswith(("bias", "running_mean")):
        return (0.4 * numbers - 0.2).float()
    return (0.5 + numbers).float()


def formula_images() -> Tensor:
    """(2, 3, 64, 96) in [0, 1)."""
    return uniform("images", (2, 3, 64, 96)).float()


def described(maps: list[Tensor]) -> list[dict[str, Any]]:
    """Shape, root of the mean square, sum of magnitudes and a few values of each map."""
    return [_described(level.double()) for level in maps]


def _described(level: Tensor) -> dict[str, Any]:
    positions = torch.linspace(0, level.numel() - 1, NUM_VALUES).long()
    return {
        "shape": list(level.shape),
        "rms": level.square().mean().sqrt().item(),
        "sum_of_magnitudes": level.abs().sum().item(),
        "values": level.contiguous().flatten()[positions].tolist(),
    }


def write(recorded: dict[str, list[dict[str, Any]]]) -> None:
    """Replace the recorded file: a line for each map."""
    entries = [
        f'  "{name}": [\n' + ",\n".join(f"    {json.dumps(level)}" for level in levels) + "\n  ]"
        for name, levels in recorded.items()
    ]
    PATH.write_text("{\n" + ",\n".join(entries) + "\n}\n")


def torchvision_maps(name: str) -> list[Tensor]:
    """P3, P4, P5 of torchvision's network with the weights of the formula."""
    import torchvision

    network: nn.Module = getattr(torchvision.models, name)().eval()
    network.load_state_dict(formula_state(network.state_dict()))
    maps: list[Tensor] = []
    for stage in STAGES[name]:
        network.get_submodule(stage).register_forward_hook(lambda _module, _inputs, output: maps.append(output))
    with torch.no_grad():
        network(formula_images())
    return maps


if __name__ == "__main__":
    torch.set_num_threads(1)
    write({name: described(torchvision_maps(name)) for name in STAGES})
