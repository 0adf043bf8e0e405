"""The precision in which tensors are multiplied."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal

import torch
from torch import Tensor
from torch.optim import Optimizer

from yolozu.errors import UsageError
from yolozu.optim.clip import clip_gradients

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
        return torch.autocast(self._device.type, dtype=DTYPES[self._amp], enabled=self._amp != "none")

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of ``loss``."""
        scaled = loss if self._scaler is None else self._scaler.scale(loss)
        torch.autograd.backward(scaled)

    def gradient_norm(
        self, optimizer: Optimizer, parameters: Sequence[torch.nn.Parameter], *, max_norm: float
    ) -> Tensor:
        """Unscale the gradients, measure their norm and limit it to ``max_norm`` (0: only measure)."""
        if self._scaler is not None:
            self._scaler.unscale_(optimizer)
        return clip_gradients(parameters, max_norm=max_norm)

    def step(self, optimizer: Optimizer) -> None:
        """Let the optimizer move, unless scaled gradients have overflowed."""
        if self._scaler is None:
            optimizer.step()
        else:
            self._scaler.step(optimizer)
            self._scaler.update()

    def state(self) -> dict[str, Any]:
        """The scaler's numbers; empty without one."""
        return {} if self._scaler is None else self._scaler.state_dict()

    def load(self, state: dict[str, Any]) -> None:
        """Put back what `state` gave."""
        if self._scaler is not None:
            self._scaler.load_state_dict(state)
