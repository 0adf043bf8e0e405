"""Stochastic gradient descent with momentum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.optim import Optimizer

from yolozu.optim.base import OptimizerSettings


def sgd(options: Sequence[dict[str, Any]], settings: OptimizerSettings) -> Optimizer:
    """SGD, with weight decay as part of the gradient."""
    momentum = settings.momentum
    optimizer = torch.optim.SGD(options, lr=0.0, momentum=momentum, nesterov=settings.nesterov, fused=True)
    if momentum > 0.0:
        optimizer.register_step_pre_hook(_begin_momentum)
    return optimizer


def _begin_momentum(optimizer: Optimizer, *_: Any) -> None:
    """Momentum 0 for parameters that move for the first time; the fused kernel takes a group with all of it or none.

    A parameter may begin later than others: a head that did not learn in a phase, denoising after images without
    objects. The first step from 0 is the one that torch takes without momentum.
    """
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            state = optimizer.state[parameter] if parameter.grad is not None else None
            if state is not None and state.get("momentum_buffer") is None:
                state["momentum_buffer"] = torch.zeros_like(parameter)
