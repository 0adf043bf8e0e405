"""What a regularizer of continual learning is: a quadratic penalty on weights that mattered to earlier tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

OF_REGULARIZERS = "regularizers/"
"""Before names of tensors of `Regularizers`; no parameter has a slash in its name, with which optimizers' begin."""

Named = Mapping[str, Tensor]
"""Name in the detector -> tensor of that parameter's shape."""


@dataclass(frozen=True)
class Held:
    """What earlier tasks ask of the weights.

    Attributes:
        importance: how much each weight mattered, at least 0.
        anchor: the weights where the latest of the tasks ended, which are held.
    """

    importance: Named
    anchor: Named


@dataclass(frozen=True)
class RegularizerSettings:
    """What contracts say of regularizers; each reads what it has a use for.

    Attributes:
        strength: factor on the penalty.
        epsilon: added to a squared change before something is divided by it.
    """

    strength: float
    epsilon: float = 1e-3


class Regularizer(ABC):
    """A penalty scale * sum(importance * (weight - anchor)^2), and an importance for tasks to come.

    Its gradient, 2 * scale * importance * (weight - anchor), is added analytically, once an optimizer step: a penalty
    on weights needs no picture, so it is no part of passes, which are several a step, of several processes.

    Attributes:
        name: under which the penalty is reported.
    """

    name: ClassVar[str]

    def __init__(
        self, parameters: Mapping[str, nn.Parameter], settings: RegularizerSettings, held: Held | None
    ) -> None:
        """Watch over parameters.

        Args:
            parameters: those that the optimizer moves, with their first values.
            settings: the contract's.
            held: what earlier tasks ask of exactly these parameters; None in a first task, whose penalty is 0.
        """
        self._parameters, self._settings = dict(parameters), settings
        self._held: list[tuple[nn.Parameter, Tensor, Tensor]] = []
        if held is not None:
            self._held = [
                (parameter, _like(held.importance[name], parameter), _like(held.anchor[name], parameter))
                for name, parameter in self._parameters.items()
            ]

    @property
    def holds(self) -> bool:
        """Whether there are earlier tasks."""
        return bool(self._held)

    @property
    @abstractmethod
    def scale(self) -> float:
        """Factor on the sum."""

    @torch.no_grad()
    def add_gradient(self) -> Tensor:
        """Add the penalty's gradient to that of every parameter that learns in this step; the penalty ()."""
        terms = []
        for parameter, importance, anchor in self._held:
            away = parameter - anchor
            pull = importance * away
            terms.append((pull * away).sum())
            if not parameter.requires_grad:
                continue
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            parameter.grad.add_(pull, alpha=2.0 * self.scale)
        assert terms, "a first task has no penalty"
        return self.scale * torch.stack(terms).sum()

    def before_step(self) -> None:  # noqa: B027 - most have nothing to look at
        """Look at the gradients of the objective: complete, without any penalty, not clipped, not scaled."""

    def after_step(self) -> None:  # noqa: B027 - likewise
        """Hear that the optimizer has moved the weights; of a step that was skipped nothing is heard."""

    def tensors(self) -> dict[str, Tensor]:
        """What changes from step to step (not copied), by names of its own."""
        return {}

    def load(self, tensors: Named) -> None:
        """Put back what `tensors` gave."""
        assert not tensors, f"{self.name} has no state of steps"

    @abstractmethod
    def own_importance(self, squared_gradients: Callable[[], Named]) -> dict[str, Tensor]:
        """How much each weight mattered to this task, which is over, by parameter name.

        Args:
            squared_gradients: the mean over images of the task of the objective's squared gradient, for who needs it.
        """


class Regularizers:
    """All of a training, as one."""

    def __init__(self, members: Mapping[str, Regularizer]) -> None:
        self.members = dict(members)

    def add_gradients(self) -> dict[str, float]:
        """Let all see the objective's gradient, then add the penalties'; name -> penalty, of those that hold."""
        for member in self.members.values():
            member.before_step()
        return {name: float(member.add_gradient()) for name, member in self.members.items() if member.holds}

    def after_step(self) -> None:
        """Tell all that the optimizer has moved the weights."""
        for member in self.members.values():
            member.after_step()

    def tensors(self) -> dict[str, Tensor]:
        """``regularizers/<regularizer>/<name of its own>`` -> tensor (not copied)."""
        return {
            f"{OF_REGULARIZERS}{name}/{own}": tensor
            for name, member in self.members.items()
            for own, tensor in member.tensors().items()
        }

    def load(self, tensors: Named) -> dict[str, Tensor]:
        """Put back what `tensors` gave, and give what is of others."""
        for name, member in self.members.items():
            prefix = f"{OF_REGULARIZERS}{name}/"
            member.load({key.removeprefix(prefix): tensors[key] for key in tensors if key.startswith(prefix)})
        return {key: tensor for key, tensor in tensors.items() if not key.startswith(OF_REGULARIZERS)}


def _like(tensor: Tensor, parameter: nn.Parameter) -> Tensor:
    """``tensor`` in a parameter's memory layout, type and device."""
    assert tensor.shape == parameter.shape, f"{tuple(tensor.shape)} for {tuple(parameter.shape)}"
    return torch.empty_like(parameter, requires_grad=False).copy_(tensor)
