"""Synaptic intelligence: weights are as important as their way through training has lowered the loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from yolozu.continual.base import Held, Named, Regularizer, RegularizerSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

PATH, START = "path_integral/", "start/"
"""Before parameter names, in the state of steps."""


class SynapticIntelligence(Regularizer):
    """Penalty c * sum_i Omega_i * (theta_i - theta*_i)^2, with gradient 2 * c * Omega_i * (theta_i - theta*_i).

    Along a task, every optimizer step adds -g_i * dtheta_i to the path integral omega_i, where g is the gradient of the
    objective alone (neither with the penalty nor clipped) and dtheta what the optimizer has made of all of it. At the
    end of the task, which has moved the weight by Delta_i in all, the importance grows by
    max(0, omega_i) / (Delta_i^2 + epsilon): a weight whose way raised the loss is as free as one that did not matter.
    Source: Zenke, Poole and Ganguli, Continual Learning Through Synaptic Intelligence, ICML 2017, equations 3 to 5; the
    maximum, which keeps Omega from rewarding change, is added here.
    """

    name = "si"

    def __init__(
        self, parameters: Mapping[str, nn.Parameter], settings: RegularizerSettings, held: Held | None
    ) -> None:
        super().__init__(parameters, settings, held)
        self._start = {name: parameter.detach().clone() for name, parameter in self._parameters.items()}
        self._path = {name: torch.zeros_like(start) for name, start in self._start.items()}
        self._before: dict[str, tuple[Tensor, Tensor]] = {}

    @property
    def scale(self) -> float:
        """The factor c."""
        return self._settings.strength

    @torch.no_grad()
    def before_step(self) -> None:
        """Remember the weights, and the gradient by which they may move."""
        self._before = {
            name: (parameter.detach().clone(), parameter.grad.detach().clone())
            for name, parameter in self._parameters.items()
            if parameter.grad is not None
        }

    @torch.no_grad()
    def after_step(self) -> None:
        """Add -g * dtheta to the path integral."""
        for name, (weight, gradient) in self._before.items():
            self._path[name].sub_(gradient * (self._parameters[name] - weight))
        self._before = {}

    def tensors(self) -> dict[str, Tensor]:
        """Path integrals, and the weights that the task began with."""
        paths = {f"{PATH}{name}": tensor for name, tensor in self._path.items()}
        return paths | {f"{START}{name}": tensor for name, tensor in self._start.items()}

    @torch.no_grad()
    def load(self, tensors: Named) -> None:
        """Put back what `tensors` gave."""
        for name in self._parameters:
            self._path[name].copy_(tensors[f"{PATH}{name}"])
            self._start[name].copy_(tensors[f"{START}{name}"])
        self._before = {}

    @torch.no_grad()
    def own_importance(self, squared_gradients: Callable[[], Named]) -> dict[str, Tensor]:  # noqa: ARG002 - a way is all it needs
        """max(0, omega) / (Delta^2 + epsilon) of this task."""
        return {
            name: self._path[name].clamp(min=0.0)
            / ((parameter.detach() - self._start[name]).square() + self._settings.epsilon)
            for name, parameter in self._parameters.items()
        }
