"""The exponential moving average of a detector: parameters, buffers and a counter."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


class MovingAverage:
    """A second detector that trails the trained one.

    average <- d average + (1 - d) current with d = min(decay, (1 + n) / (10 + n)), n the updates so far: early updates
    forget the random start quickly. Floating-point buffers (running means) are averaged as well, counters are copied.
    Only what the state dict holds takes part; derived buffers are left alone. A parameter that requires no gradient
    from the beginning never moves: it is the same tensor in both.
    Source: `tf.train.ExponentialMovingAverage` with ``num_updates``.

    Attributes:
        detector: holds the average; in eval mode, without gradients.
        updates: how many updates the average has seen.
    """

    def __init__(self, detector: nn.Module, *, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        frozen = {id(parameter): parameter for parameter in detector.parameters() if not parameter.requires_grad}
        self.detector = copy.deepcopy(detector, memo={**frozen}).eval().requires_grad_(False)
        average, current = self.detector.state_dict(), detector.state_dict()
        still = {
            name for name, parameter in detector.named_parameters(remove_duplicate=False) if id(parameter) in frozen
        }
        moving = [name for name in current if name not in still]
        own = {current[name].data_ptr(): name for name in reversed(moving)}  # a shared tensor moves once
        floating = {name for name in own.values() if current[name].is_floating_point()}
        self._averages = [average[name] for name in current if name in floating]
        self._currents = [current[name] for name in current if name in floating]
        self._copies = [(average[name], current[name]) for name in own.values() if name not in floating]

    @torch.no_grad()
    def update(self) -> None:
        """Move the average towards the detector as it is now."""
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        torch._foreach_lerp_(self._averages, self._currents, 1.0 - decay)
        for average, current in self._copies:
            average.copy_(current)
        self.updates += 1

    def tensors(self) -> dict[str, Tensor]:
        """The average as a state dict (not copied)."""
        return dict(self.detector.state_dict())
