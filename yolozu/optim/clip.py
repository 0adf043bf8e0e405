"""The gradient's norm, and its limit."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils import clip_grads_with_norm_, get_total_norm


@torch.no_grad()
def clip_gradients(parameters: Sequence[torch.nn.Parameter], *, max_norm: float) -> Tensor:
    """Euclidean norm of all gradients together, before they are scaled down to ``max_norm``.

    Args:
        parameters: those without a gradient take no part.
        max_norm: 0 measures and leaves the gradients as they are.

    Returns:
        () float; NaN or infinite when any gradient is.
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norm = get_total_norm(gradients)
    if max_norm > 0.0:
        clip_grads_with_norm_(parameters, max_norm, norm)
    return norm
