"""The precision in which tensors are multiplied."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Literal

import torch
from torch import Tensor
from torch.optim import Optimizer

from yolozu.errors import UsageError
from yolozu.model.full_precision import full_precision

DTYPES = {"none": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class Precision:
    """Mixed precision: an autocast around the forward pass, and loss scaling where fp16 needs it.

    Weights, gradients, losses and the optimizer stay float32.
    """

    def __init__(self, amp: Literal["none", "bf16", "fp16"], device: torch.device) -> None:
        """Set up ``amp`` on ``device``.

        Raises:
            UsageError: YZ502, fp16 off CUDA.
        """
        if amp == "fp16" and device.type != "cuda":
            raise UsageError.one(
                "YZ502",
                where=f"amp: fp16 with device: {device}",
                problem="fp16 needs loss scaling, which only CUDA has",
                fix="set amp: bf16, which needs none, or device: cuda",
            )
        self._device, self._amp = device, amp
        self._scaler = torch.amp.GradScaler(device.type) if amp == "fp16" else None

    @property
    def skips_overflow(self) -> bool:
        """Whether a gradient that overflows is an expected event: the step is skipped and the scale lowered."""
        return self._scaler is not None

    def autocast(self) -> AbstractContextManager[object]:
        """Around the forward pass."""
        if self._amp == "none":
            return full_precision(self._device)
        return torch.autocast(self._device.type, dtype=DTYPES[self._amp])

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of ``loss``."""
        scaled = loss if self._scaler is None else self._scaler.scale(loss)
        torch.autograd.backward(scaled)

    def unscale(self, optimizer: Optimizer) -> None:
        """Make the gradients those of the loss itself, and notice whether scaled ones have overflowed."""
        if self._scaler is not None:
            self._scaler.unscale_(optimizer)

    def step(self, optimizer: Optimizer) -> bool:
        """Let the optimizer move, unless scaled gradients had overflowed; whether it moved."""
        if self._scaler is None:
            optimizer.step()
            return True
        before = self._scaler.get_scale()
        self._scaler.step(optimizer)
        self._scaler.update()
        return self._scaler.get_scale() >= before  # it is lowered by an overflow, and by nothing else

    def state(self) -> dict[str, Any]:
        """The scaler's numbers; empty without one."""
        return {} if self._scaler is None else self._scaler.state_dict()

    def load(self, state: dict[str, Any]) -> None:
        """Put back what `state` gave."""
        if self._scaler is not None:
            self._scaler.load_state_dict(state)
