"""What a training holds of earlier ones: states of regularizers, read and brought to this detector's weights."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.artifacts.continual_state import ContinualState, read_continual_state
from yolozu.artifacts.earlier_runs import STATES, left_as_planned, require_state, run_directory
from yolozu.continual.base import Held, Regularizers, RegularizerSettings
from yolozu.continual.registry import REGULARIZERS
from yolozu.errors import Finding, InputError
from yolozu.model.weights.class_rows import EMBEDDING, depends_on_classes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor, nn

CONTINUAL_FROM = "continual_from"
MOST_NAMED = 3
"""Parameters that a message names."""


@dataclass(frozen=True)
class Regularization:
    """The regularizers of a training.

    Attributes:
        settings: regularizer -> what the contract says of it.
        leaves: regularizer -> the file that the training leaves for later ones.
        samples: images whose gradients make an importance, at most.
        earlier: id or directory of the run whose states are read; None in a first task.
        held: regularizer -> what earlier tasks ask; none in a first task.
        lines: what is held, for people.
    """

    settings: Mapping[str, RegularizerSettings] = field(default_factory=dict)
    leaves: Mapping[str, Path] = field(default_factory=dict)
    samples: int = 0
    earlier: str | None = None
    held: Mapping[str, Held] = field(default_factory=dict)
    lines: tuple[str, ...] = ()

    def over(self, parameters: Mapping[str, nn.Parameter]) -> Regularizers:
        """The regularizers of the parameters that an optimizer moves, with their first values."""
        return Regularizers(
            {
                name: REGULARIZERS.load(name)(parameters, settings, self.held.get(name))
                for name, settings in self.settings.items()
            }
        )

    def with_held(self, detector: nn.Module, class_names: Sequence[str], *, planned: Path | None) -> Regularization:
        """The same with what the earlier run asks of ``detector``.

        Args:
            detector: with its first weights; what is frozen is not held.
            class_names: that it shall find, in order.
            planned: what the planner knew of the run (``plan/earlier.json``); None in a first task.

        Raises:
            InputError: YZ313 or YZ531 as of `run_directory`; YZ540 the run left no state, YZ541 it cannot be read,
                YZ542 it is of another detector, YZ551 it has changed since the run was planned.
        """
        earlier = self.earlier
        if earlier is None or not self.settings:
            return self
        assert planned is not None, "a contract with an earlier run has it planned"
        parameters = {name: entry for name, entry in detector.named_parameters() if entry.requires_grad}
        held, lines = {}, list[str]()
        for name in self.settings:
            state = _as_planned(earlier, name, planned)
            held[name] = held_by(state, parameters, class_names)
            new = [entry for entry in class_names if entry not in state.class_names]
            lines += _lines(name, earlier, held[name], parameters, new=new)
        return replace(self, held=held, lines=tuple(lines))


def held_by(state: ContinualState, parameters: Mapping[str, nn.Parameter], class_names: Sequence[str]) -> Held:
    """What a state asks of parameters: rows of classes by name, new classes nothing.

    Args:
        state: of an earlier training.
        parameters: those that the optimizer moves.
        class_names: of the detector, in order.

    Raises:
        InputError: YZ542, the state is of another detector, or classes cannot be told apart.
    """
    rows = _rows_by_name(state, class_names)
    _require_same(state, parameters, len(class_names))
    importance, anchor = {}, {}
    for name, parameter in parameters.items():
        fresh, own = parameter.detach().new_zeros(parameter.shape), parameter.detach().clone()
        importance[name] = _in_places(name, fresh, state.importance[name], rows)
        anchor[name] = _in_places(name, own, state.anchor[name], rows)
    return Held(importance, anchor)


def _in_places(name: str, own: Tensor, theirs: Tensor, rows: Sequence[int | None]) -> Tensor:
    """``theirs``, in a tensor with class rows each in its new place, and ``own`` where a class is new."""
    if not depends_on_classes(name):
        return theirs
    for row, origin in enumerate(rows):
        if origin is not None:
            own[row] = theirs[origin]
    if name == EMBEDDING:
        own[-1] = theirs[-1]
    return own


def _rows_by_name(state: ContinualState, class_names: Sequence[str]) -> list[int | None]:
    """For every class the state's row, None for one that it does not know."""
    if tuple(class_names) == state.class_names:
        return list(range(len(class_names)))
    for whose, names in (("the state", state.class_names), ("this data set", class_names)):
        twice = sorted({name for name in names if list(names).count(name) > 1})
        if twice:
            raise InputError.one(
                "YZ542",
                where=state.source,
                problem=f"is of other classes, and {whose} has several named {', '.join(twice)}",
                fix="give every class a name of its own, in both data sets",
            )
    return [state.class_names.index(name) if name in state.class_names else None for name in class_names]


def _require_same(state: ContinualState, parameters: Mapping[str, nn.Parameter], num_classes: int) -> None:
    """Names, and shapes but for the number of classes, are to be the detector's own."""
    theirs = state.anchor
    other_shape = [
        f"{name} ({list(theirs[name].shape)} in the state, {list(parameter.shape)} in the detector)"
        for name, parameter in parameters.items()
        if name in theirs
        and tuple(theirs[name].shape) != _shape_of(name, parameter, num_classes, len(state.class_names))
    ]
    differences = {
        "it lacks": [name for name in parameters if name not in theirs],
        "it has besides": [name for name in theirs if name not in parameters],
        "have another shape": other_shape,
    }
    findings = [
        Finding(
            "YZ542",
            state.source,
            f"is of another detector: {len(names)} parameter{'s' if len(names) > 1 else ''} {what}: {_some(names)}",
            f"give model, pose heads, enable_mim and LoRA as the earlier run had them, or drop {state.regularizer}",
        )
        for what, names in differences.items()
        if names
    ]
    if findings:
        raise InputError(findings)


def _shape_of(name: str, parameter: nn.Parameter, num_classes: int, num_before: int) -> tuple[int, ...]:
    shape = tuple(parameter.shape)
    return (shape[0] - num_classes + num_before, *shape[1:]) if depends_on_classes(name) else shape


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _as_planned(earlier: str, regularizer: str, planned: Path) -> ContinualState:
    """The state, which is to be the one that the training is recorded under."""
    path = require_state(run_directory(earlier, where=CONTINUAL_FROM), regularizer, where=CONTINUAL_FROM)
    left_as_planned(earlier, STATES[regularizer], planned, where=CONTINUAL_FROM)
    return read_continual_state(path, regularizer)


def _lines(
    name: str, earlier: str, held: Held, parameters: Mapping[str, nn.Parameter], *, new: Sequence[str]
) -> list[str]:
    """What is held, and whether training starts there; rows of ``new`` classes are not held."""
    asked = {key: held.importance[key].to(entry) > 0.0 for key, entry in parameters.items()}
    weights = sum(int(part.sum()) for part in asked.values())
    total = sum(part.numel() for part in asked.values())
    free = f"; rows of new classes are free ({_some(new)})" if new else ""
    lines = [f"{name}: {weights:,} of {total:,} weights are held to those of {earlier}{free}"]
    elsewhere = sum(
        bool(((entry.detach() != held.anchor[key].to(entry)) & asked[key]).any()) for key, entry in parameters.items()
    )
    if elsewhere:
        lines.append(
            f"warning: {name} pulls {elsewhere} of {len(parameters)} parameters away from where training starts: "
            f"set init_from to the best checkpoint of {earlier} to start where it ended"
        )
    return lines
