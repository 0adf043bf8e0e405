"""Taking back a step whose loss or gradient was not finite."""

from __future__ import annotations

import torch
from torch import nn


class HeldBuffers:
    """A module's buffers as they were before a step.

    A forward pass in training mode moves running statistics long before its loss is known. Parameters, average and
    optimizer only move once the step is known to be good, so holding the buffers, a thousandth of the model, is enough
    to take a whole step back.
    """

    def __init__(self, module: nn.Module) -> None:
        self._buffers = list(module.buffers())
        self._held = [torch.empty_like(buffer) for buffer in self._buffers]

    @torch.no_grad()
    def hold(self) -> None:
        """Remember the buffers as they are now."""
        if self._buffers:
            torch._foreach_copy_(self._held, self._buffers)

    @torch.no_grad()
    def put_back(self) -> None:
        """Make them what they were, to the bit."""
        if self._buffers:
            torch._foreach_copy_(self._buffers, self._held)
