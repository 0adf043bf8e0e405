"""Adam with decoupled weight decay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.optim import Optimizer

from yolozu.optim.base import OptimizerSettings


def adamw(options: Sequence[dict[str, Any]], settings: OptimizerSettings) -> Optimizer:  # noqa: ARG001 - for others
    """AdamW with its published betas (0.9, 0.999) and epsilon 1e-8; weight decay is decoupled.

    It uses the fused kernels of CPU and CUDA, as `sgd` does.
    Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019.
    """
    return torch.optim.AdamW(options, lr=0.0, fused=True)
