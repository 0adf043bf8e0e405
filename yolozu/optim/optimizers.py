"""Optimizers over parameter groups, and their state by parameter name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from yolozu.optim.base import OptimizerSettings
from yolozu.optim.groups import ParameterGroup
from yolozu.optim.registry import OPTIMIZERS


def build_optimizer(groups: Sequence[ParameterGroup], *, name: str, momentum: float, nesterov: bool) -> Optimizer:
    """An optimizer whose groups are ``groups``, with learning rate 0 until `set_learning_rate` says otherwise.

    Args:
        groups: from `parameter_groups`.
        name: which optimizer, as in the registry.
        momentum: see `OptimizerSettings`.
        nesterov: likewise.

    Raises:
        UsageError: YZ901 there is no such optimizer.
    """
    options = [
        {"params": list(group.parameters.values()), "weight_decay": group.weight_decay, "lr_mult": group.lr_mult}
        for group in groups
    ]
    optimizer: Optimizer = OPTIMIZERS.load(name)(options, OptimizerSettings(momentum, nesterov))
    return optimizer


def set_learning_rate(optimizer: Optimizer, lr: float) -> None:
    """Give every group ``lr`` times its own factor."""
    for group in optimizer.param_groups:
        group["lr"] = lr * group["lr_mult"]


def optimizer_tensors(optimizer: Optimizer, groups: Sequence[ParameterGroup]) -> dict[str, Tensor]:
    """The optimizer's state as ``<parameter name>/<entry>`` -> tensor (not copied).

    Entries an optimizer has not made yet (before the first step, or SGD without momentum) are absent.
    """
    return {
        f"{name}/{entry}": value
        for group in groups
        for name, parameter in group.parameters.items()
        for entry, value in optimizer.state.get(parameter, {}).items()
        if value is not None
    }


def load_optimizer_tensors(optimizer: Optimizer, groups: Sequence[ParameterGroup], tensors: dict[str, Tensor]) -> None:
    """Put back what `optimizer_tensors` gave, in the memory layout of each parameter.

    Raises:
        ValueError: a tensor belongs to no parameter, or has another shape.
    """
    states: dict[str, dict[str, Any]] = {}
    for key, tensor in tensors.items():
        name, _, entry = key.rpartition("/")
        states.setdefault(name, {})[entry] = tensor
    parameters = {name: parameter for group in groups for name, parameter in group.parameters.items()}
    if unknown := sorted(set(states) - set(parameters)):
        raise ValueError(f"optimizer state of parameters that are not trained: {', '.join(unknown)}")
    optimizer.state.clear()
    for name, state in states.items():
        optimizer.state[parameters[name]] = {
            entry: _like(parameters[name], tensor, f"{name}/{entry}") for entry, tensor in state.items()
        }


def _like(parameter: torch.nn.Parameter, tensor: Tensor, key: str) -> Tensor:
    if tensor.ndim == 0:
        return tensor.to(parameter.device, copy=True)
    if tensor.shape != parameter.shape:
        raise ValueError(f"optimizer state {key} is {tuple(tensor.shape)}, its parameter {tuple(parameter.shape)}")
    return torch.empty_like(parameter, dtype=tensor.dtype, requires_grad=False).copy_(tensor)
