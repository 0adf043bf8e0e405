"""Tensors that depend on shapes only: built once per shape and device, and no part of any state dict."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps

import torch
from torch import Tensor

SHAPES_KEPT = 32
"""Input sizes times devices whose tensors stay in memory; multiscale training visits a dozen."""


def cached_constant(build: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Remember what ``build`` returns for its (hashable) arguments, one of which is the device.

    While a graph is traced nothing is remembered, because its tensors are fakes; and nothing is built as an inference
    tensor, because training may use it next. Callers must not write into the tensor.
    """
    remembered = lru_cache(maxsize=SHAPES_KEPT)(build)

    @wraps(build)
    def constant(*arguments: object) -> Tensor:
        if torch.compiler.is_compiling():
            return build(*arguments)
        with torch.inference_mode(mode=False):
            return remembered(*arguments)

    return constant


@cached_constant
def numbers(values: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """(N,) the values on ``device``, which a copy of them from the host would wait for."""
    return torch.tensor(values, dtype=dtype, device=device)
