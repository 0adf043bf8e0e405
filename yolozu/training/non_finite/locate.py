"""Where in a step the first number appears that is none: a module, a term of the loss, or a gradient."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

Kind = Literal["input", "output", "cost", "loss", "gradient", "norm"]

ROOT = "detector"
"""Name of the whole detector among its modules."""


@dataclass(frozen=True)
class Values:
    """What a tensor holds.

    Attributes:
        shape: of the tensor.
        dtype: such as ``float32``.
        least: smallest finite value; None where there is none.
        greatest: largest finite value.
        num_nan: how many are not a number.
        num_inf: how many are infinite, of either sign.
    """

    shape: list[int]
    dtype: str
    least: float | None
    greatest: float | None
    num_nan: int
    num_inf: int

    @classmethod
    def of(cls, tensor: Tensor) -> Values:
        """The values of a floating-point tensor."""
        numbers = tensor.detach().double()
        finite = numbers[numbers.isfinite()]
        return cls(
            list(tensor.shape),
            str(tensor.dtype).removeprefix("torch."),
            float(finite.min()) if len(finite) else None,
            float(finite.max()) if len(finite) else None,
            int(numbers.isnan().sum()),
            int(numbers.isinf().sum()),
        )

    def render(self) -> str:
        """``float32 [2, 8, 32, 32], -1.2 to 3.4, 5 NaN, 2 inf``."""
        size = f"{self.dtype} {self.shape}"
        known = "no finite value" if self.least is None else f"{self.least:.4g} to {self.greatest:.4g}"
        counts = [f"{count} {word}" for count, word in ((self.num_nan, "NaN"), (self.num_inf, "inf")) if count]
        return ", ".join([size, known, *counts])


@dataclass(frozen=True)
class Anomaly:
    """The first place in a step that is not finite, in the order of computation.

    Attributes:
        kind: ``input`` of a module (its caller computed it), ``output`` of a module with finite input, matching
            ``cost``, term of the ``loss``, ``gradient`` in the backward pass, or only the ``norm`` of finite gradients.
        name: module, term or parameter, dotted as in the state dict.
        description: a clause for a message.
        batch: which batch of the window, from 1; 0 for the whole window.
        values: what was seen there, by name.
    """

    kind: Kind
    name: str
    description: str
    batch: int
    values: dict[str, Values]

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Anomaly:
        """What `to_json` gave."""
        return cls(**{**value, "values": {name: Values(**entry) for name, entry in value["values"].items()}})


class Watch:
    """Looks at everything a module and its parts compute, until the first thing that is not finite.

    Attributes:
        found: that thing.
        batch: the batch that is computed now, from 1.
    """

    def __init__(self) -> None:
        self.found: Anomaly | None = None
        self.batch = 0
        self._tensors: dict[int, _Seen] = {}

    def begin(self, batch: int) -> None:
        """From here on, what comes belongs to this batch."""
        self.batch = batch
        self._tensors.clear()

    def note(self, kind: Kind, name: str, description: str, values: Mapping[str, Tensor]) -> None:
        """Something is not finite; only the first such note counts."""
        if self.found is None:
            seen = {label: Values.of(tensor) for label, tensor in values.items()}
            self.found = Anomaly(kind, name, description, self.batch, seen)

    def losses(self, total: Tensor, terms: Mapping[str, Tensor]) -> None:
        """Look at the loss of a batch and its terms."""
        for name, term in terms.items():
            if not _is_finite(term):
                self.note("loss", name, f"the loss term {name} is not finite, of outputs that are", {name: term})
        if not _is_finite(total):
            self.note("loss", "total", "the sum of the loss is not finite, of terms that are", {"total": total})

    def before(self, name: str, module: nn.Module, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        """A module is called."""
        given = _given(arguments, named)
        if not all(map(_is_finite, given.values())):
            place = "what it was given" if name == ROOT else f"computed in {_parent(name)}"
            self.note("input", name, f"the input of {_kind(name, module)} is not finite, {place}", given)
        self._follow(given, name, into="consumers")

    def after(self, name: str, module: nn.Module, arguments: tuple[Any, ...], named: dict[str, Any], out: Any) -> None:
        """A module has returned."""
        made = dict(_floats(out, "output"))
        if any(not _is_finite(tensor) for tensor in made.values()):
            own = dict(module.named_parameters(recurse=False)) | {
                label: buffer
                for label, buffer in module.named_buffers(recurse=False)
                if buffer is not None and buffer.is_floating_point()
            }
            broken = [label for label, tensor in own.items() if not _is_finite(tensor)]
            cause = f"its {', '.join(broken)} already was not" if broken else "its input was"
            description = f"the output of {_kind(name, module)} is not finite, {cause}"
            self.note("output", name, description, _given(arguments, named) | own | made)
        self._follow(made, name, into="producers")

    def _follow(self, tensors: Mapping[str, Tensor], name: str, *, into: Literal["producers", "consumers"]) -> None:
        for tensor in tensors.values():
            if not tensor.requires_grad:
                continue
            seen = self._tensors.get(id(tensor))
            if seen is None:
                seen = self._tensors[id(tensor)] = _Seen(tensor, self)
            getattr(seen, into).append(name)

    def parameter_gradient(self, name: str, parameter: Tensor, gradient: Tensor) -> None:
        """The gradient of a parameter is known."""
        if not _is_finite(gradient):
            seen = {"gradient": gradient, "parameter": parameter}
            self.note("gradient", name, f"the gradient of {name} is not finite", seen)


class _Seen:
    """A tensor between modules; it is held, so that its id stays its own."""

    def __init__(self, tensor: Tensor, watch: Watch) -> None:
        self.tensor, self._watch = tensor, watch
        self.producers: list[str] = []
        self.consumers: list[str] = []
        tensor.register_hook(self._look)  # type: ignore[no-untyped-call]

    def _look(self, gradient: Tensor) -> None:
        if _is_finite(gradient):
            return
        place = f"the output of {self.producers[0]}" if self.producers else f"the input of {self.consumers[0]}"
        users = [name for name in self.consumers if name not in self.producers]  # some pass on what they are given
        source = f"it comes back from {users[0]}" if users else "it comes back from the loss"
        name = users[0] if users else (self.producers or self.consumers)[0]
        description = f"the gradient at {place} is not finite, {source}"
        self._watch.note("gradient", name, description, {"gradient": gradient, "value": self.tensor})


@contextmanager
def watching(module: nn.Module) -> Iterator[Watch]:
    """Watch every forward and backward pass of ``module`` inside the block; costs time and memory only there."""
    watch = Watch()
    handles: list[Any] = []
    for path, part in module.named_modules():
        name = path or ROOT
        handles.append(part.register_forward_pre_hook(_bound_before(watch, name), with_kwargs=True, prepend=True))
        handles.append(part.register_forward_hook(_bound_after(watch, name), with_kwargs=True))
    for path, parameter in module.named_parameters():
        if parameter.requires_grad:
            handles.append(parameter.register_hook(_bound_gradient(watch, path, parameter)))  # type: ignore[no-untyped-call]
    try:
        yield watch
    finally:
        for handle in handles:
            handle.remove()


def _bound_before(watch: Watch, name: str) -> Any:
    return lambda module, arguments, named: watch.before(name, module, arguments, named)


def _bound_after(watch: Watch, name: str) -> Any:
    return lambda module, arguments, named, output: watch.after(name, module, arguments, named, output)


def _bound_gradient(watch: Watch, name: str, parameter: Tensor) -> Any:
    return lambda gradient: watch.parameter_gradient(name, parameter, gradient)


def overflowing_norm(parameters: Mapping[str, nn.Parameter]) -> Anomaly:
    """Finite gradients whose squares are too large to add up: the one with the largest entry."""
    gradients = {name: entry.grad for name, entry in parameters.items() if entry.grad is not None}
    sizes = {name: float(gradient.abs().max()) for name, gradient in gradients.items() if gradient.numel()}
    name = max(sizes, key=lambda entry: sizes[entry])
    description = f"every gradient is finite, their norm is not; the largest is that of {name}"
    return Anomaly("norm", name, description, 0, {"gradient": Values.of(gradients[name])})


def number(value: float) -> float | str:
    """A number as JSON can say it: ``nan``, ``inf`` and ``-inf`` as texts."""
    return value if math.isfinite(value) else str(value)


def _given(arguments: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Tensor]:
    return dict(_floats(arguments, "input")) | dict(_floats(named, "input"))


def _floats(value: Any, label: str) -> Iterator[tuple[str, Tensor]]:
    """Every floating-point tensor in nested containers, with where it is."""
    if isinstance(value, Tensor):
        if value.is_floating_point():
            yield label, value
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from _floats(entry, f"{label}.{key}")
    elif is_dataclass(value):
        for entry in fields(value):
            yield from _floats(getattr(value, entry.name), f"{label}.{entry.name}")
    elif isinstance(value, (tuple, list)):
        for place, entry in enumerate(value):
            yield from _floats(entry, f"{label}.{place}")


def _is_finite(tensor: Tensor) -> bool:
    return bool(torch.isfinite(tensor.detach()).all())


def _kind(name: str, module: nn.Module) -> str:
    return f"{name} ({type(module).__name__})"


def _parent(name: str) -> str:
    return name.rpartition(".")[0] or ROOT
