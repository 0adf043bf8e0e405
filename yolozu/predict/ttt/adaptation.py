"""A network that adapts, step by step, within limits, and goes back bit for bit."""

# Shapes: B images, H and W of the network input.

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import torch
from torch import Tensor, nn

from yolozu.errors import UsageError
from yolozu.model.lora import attach_lora, detach_lora, has_lora
from yolozu.predict.ttt.base import TttMethod
from yolozu.predict.ttt.guards import Breach, gradient_breach, loss_breach, update_breach
from yolozu.predict.ttt.parameters import adapted_parameters, require_part_in
from yolozu.predict.ttt.registry import TTT_METHODS
from yolozu.predict.ttt.report import TttBatch, TttStep, TttStop
from yolozu.predict.ttt.settings import TttSettings
from yolozu.predict.ttt.statistics import NormStatistics

FRESH_RANK, FRESH_ALPHA = 4, 4.0
"""Of the adapters that a network without any is given for the time it adapts."""

LARGEST_SEED = 2**63
"""Torch takes those below."""


@dataclass(frozen=True)
class _Snapshot:
    """All that adaptation moves: parameters and statistics, the optimizer, pictures counted."""

    tensors: list[Tensor]
    optimizer: dict[str, Any]
    counted: int


class Adaptation:
    """Adapts a network as long as it is entered; on leaving, the network is what it was, to the last bit.

    Attributes:
        parameters: name -> parameter that adapts.
        adapted_layers: names of layers that were given fresh adapters.
        norm_layers: BatchNorm layers whose statistics move.
    """

    def __init__(self, network: nn.Module, settings: TttSettings) -> None:
        """Adapt ``network``.

        Args:
            network: changed in place.
            settings: how.

        Raises:
            UsageError: YZ640 nothing is left to adapt, YZ641 the method cannot work with this network.
        """
        self._network, self._settings = network, settings
        self._method: TttMethod = TTT_METHODS.load(settings.method).on(network, settings)
        self.adapted_layers: list[str] = []
        if settings.update_filter == "adapter_only" and not has_lora(network):
            generator = torch.Generator().manual_seed(settings.seed % LARGEST_SEED)
            self.adapted_layers = attach_lora(network, rank=FRESH_RANK, alpha=FRESH_ALPHA, generator=generator)
        self._statistics = NormStatistics(network, settings.norm_weight)
        try:
            self.parameters = adapted_parameters(network, settings)
            self._require_motion()
        except BaseException:
            self._detach()
            raise
        self.norm_layers = len(self._statistics.layers)
        self._moving = [*self.parameters.values(), *self._statistics.tensors()]
        self._learning = {name: parameter.requires_grad for name, parameter in network.named_parameters()}

    def __enter__(self) -> Self:
        self._was_training = {layer: layer.training for layer in self._network.modules()}
        self._network.eval()
        for parameter in self._network.parameters():
            parameter.requires_grad_(False)
        for parameter in self.parameters.values():
            parameter.requires_grad_(True)
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.reset()
        for parameter in self.parameters.values():
            parameter.grad = None
        for name, parameter in self._network.named_parameters():
            parameter.requires_grad_(self._learning[name])
        for layer, training in self._was_training.items():
            layer.training = training
        self._detach()

    def adapt(self, images_B3HW: Tensor, names: Sequence[str]) -> TttBatch:
        """Adapt to some pictures.

        Args:
            images_B3HW: (B, 3, H, W) network input.
            names: of the pictures; what is random is the same for the same first one.
        """
        assert not self.ended, "what has ended goes on only after a reset"
        steps: list[TttStep] = []
        stop = None
        generator = torch.Generator().manual_seed(_seed(self._settings.seed, names[0]))
        taught_by_loss = self._settings.steps > 0 and self._method.sees_whole_images
        if not taught_by_loss:
            self._learn_statistics(images_B3HW)
        while len(steps) < self._settings.steps and stop is None:
            step, breach = self._step(images_B3HW, generator, counts=taught_by_loss and not steps)
            steps.append(step)
            stop = None if breach is None else self._obey(breach)
        return TttBatch(images=[*names], steps=steps, stop=stop)

    def reset(self) -> None:
        """Back to where adaptation began."""
        self._restore(self._start)
        self._begin()

    def _begin(self) -> None:
        self._optimizer = torch.optim.Adam(self.parameters.values(), lr=self._settings.lr)
        self._first_loss: float | None = None
        self.ended = False
        self._start = self._good = self._state()

    def _step(self, images_B3HW: Tensor, generator: torch.Generator, *, counts: bool) -> tuple[TttStep, Breach | None]:
        """One step; with ``counts`` the statistics learn from the same pass."""
        limits = self._settings.limits
        with torch.enable_grad(), self._statistics.learning_from(len(images_B3HW)) if counts else nullcontext():
            loss = self._method.loss(images_B3HW, generator)
        require_part_in(loss, self._settings)
        value = loss.item()
        first = value if self._first_loss is None else self._first_loss
        breach = loss_breach(limits, value, first)
        if breach is not None:
            return _told(value), breach
        self._first_loss, self._good = first, self._state()
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        grad_norm = _norm([own.grad for own in self.parameters.values() if own.grad is not None])
        breach = gradient_breach(limits, grad_norm)
        if breach is not None:
            return _told(value, grad_norm), breach
        self._optimizer.step()
        update, total = self._moved_since(self._good), self._moved_since(self._start)
        return _told(value, grad_norm, update, total), update_breach(limits, update, total)

    def _require_motion(self) -> None:
        if self._settings.steps == 0 and not self._statistics.layers:
            raise UsageError.one(
                "YZ640",
                where="ttt_steps: 0",
                problem="no BatchNorm layer of the network has statistics that could move",
                fix="set ttt_steps above 0, or predict without ttt",
            )

    def _learn_statistics(self, images_B3HW: Tensor) -> None:
        if self.norm_layers:
            with torch.no_grad(), self._statistics.learning_from(len(images_B3HW)):
                self._network(images_B3HW)

    def _obey(self, breach: Breach) -> TttStop:
        """End adaptation, or only leave out the step."""
        self.ended = not breach.is_non_finite or self._settings.stop_on_non_finite
        rolled_back = breach.value is None or self._settings.rollback_on_stop  # weights must stay numbers
        if rolled_back:
            self._restore(self._good)
        return TttStop(**vars(breach), ended=self.ended, rolled_back=rolled_back)

    def _state(self) -> _Snapshot:
        tensors = [tensor.detach().clone() for tensor in self._moving]
        return _Snapshot(tensors, deepcopy(self._optimizer.state_dict()), self._statistics.count)

    @torch.no_grad()
    def _restore(self, state: _Snapshot) -> None:
        for tensor, values in zip(self._moving, state.tensors, strict=True):
            tensor.copy_(values)
        self._optimizer.load_state_dict(deepcopy(state.optimizer))
        self._statistics.count = state.counted

    @torch.no_grad()
    def _moved_since(self, state: _Snapshot) -> float:
        """Norm of how far parameters (statistics are none) are from where they were."""
        return _norm([now - before for now, before in zip(self.parameters.values(), state.tensors, strict=False)])

    def _detach(self) -> None:
        if self.adapted_layers:
            detach_lora(self._network)


def _told(
    loss: float, grad_norm: float | None = None, update_norm: float | None = None, total: float | None = None
) -> TttStep:
    """The step, with None for what is no finite number."""
    numbers = {"loss": loss, "grad_norm": grad_norm, "update_norm": update_norm, "total_update_norm": total}
    known = {name for name, value in numbers.items() if value is not None and math.isfinite(value)}
    return TttStep(**{name: value if name in known else None for name, value in numbers.items()})


def _norm(tensors: list[Tensor]) -> float:
    """Euclidean, over all elements of all tensors; 0 of none."""
    if not tensors:
        return 0.0
    return float(
        torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(tensor.float()) for tensor in tensors]))
    )


def _seed(seed: int, key: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}\n{key}".encode()).digest()[:8], "little") >> 1
