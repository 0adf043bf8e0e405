"""The first thing in which two files of the same kind differ, said so that one can look for its cause."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.jsonio import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from torch import Tensor

    from yolozu.artifacts.checkpoint import Checkpoint

ABSENT = "absent"


@dataclass(frozen=True)
class FileDifference:
    """A place where two files differ.

    Attributes:
        place: where in the files: a tensor and an element of it, a key, a row and a key.
        first: the value in the first file, as text; ``absent`` where it has none.
        second: the value in the second file.
        extent: how large the difference is, where that can be said.
    """

    place: str
    first: str
    second: str
    extent: str | None = None


def first_in_json(first: Any, second: Any) -> FileDifference | None:
    """The first difference of two JSON values, keys in alphabetical order; its place is a dotted key."""
    return next(_in_json(first, second, ()), None)


def first_in_rows(first: Iterable[dict[str, Any]], second: Iterable[dict[str, Any]]) -> FileDifference | None:
    """The first difference of two files of metrics rows, which are counted from 1."""
    for number, (one, other) in enumerate(zip_longest(first, second), start=1):
        if one is None or other is None:
            return FileDifference(f"row {number}", *(ABSENT if row is None else canonical(row) for row in (one, other)))
        found = first_in_json(one, other)
        if found is not None:
            step = one["meta"]["optim_step"]
            return replace(found, place=f"row {number}, of optimizer step {step}: {found.place}")
    return None


def first_in_checkpoints(first: Path, second: Path) -> FileDifference | None:
    """The first difference of two checkpoints: counters, then tensors, then everything else.

    Equal bytes are equal checkpoints, which needs no torch to see.

    Raises:
        InputError: one of them cannot be read as a checkpoint.
    """
    if first.read_bytes() == second.read_bytes():
        return None
    from yolozu.artifacts.checkpoint import read_checkpoint

    one, other = read_checkpoint(first), read_checkpoint(second)
    found = first_in_json(_counters(one), _counters(other))
    found = _in_tensors(_tensors(one), _tensors(other)) if found is None else found
    found = first_in_json(_header(one), _header(other)) if found is None else found
    return FileDifference("the file's own layout", "", "", "all contents are equal") if found is None else found


def first_in_tensors(name: str, first: Tensor, second: Tensor) -> FileDifference | None:
    """The first element whose bits differ; shape and type come before all elements. Equal NaNs are equal."""
    import torch

    kinds = [f"{tensor.dtype} {list(tensor.shape)}".removeprefix("torch.") for tensor in (first, second)]
    if kinds[0] != kinds[1]:
        return FileDifference(name, *kinds)
    flat = [tensor.detach().cpu().contiguous().reshape(-1) for tensor in (first, second)]
    size = first.element_size()
    bits = [tensor.view(torch.uint8).reshape(-1, size) for tensor in flat]
    differing = (bits[0] != bits[1]).any(dim=1).nonzero().flatten()
    if len(differing) == 0:
        return None
    position = int(differing[0])
    index = [int(axis) for axis in torch.unravel_index(torch.tensor(position), first.shape)]
    distances = (flat[0][differing].double() - flat[1][differing].double()).abs()
    return FileDifference(
        f"{name}{index or ''}",
        repr(flat[0][position].item()),
        repr(flat[1][position].item()),
        f"{len(differing)} of {first.numel()} numbers, by at most {float(distances.max()):.3g}",
    )


def _in_json(first: Any, second: Any, path: tuple[str, ...]) -> Iterator[FileDifference]:
    if isinstance(first, dict) and isinstance(second, dict):
        for key in sorted({*first, *second}):
            if key in first and key in second:
                yield from _in_json(first[key], second[key], (*path, key))
            else:
                values = (canonical(entry[key]) if key in entry else ABSENT for entry in (first, second))
                yield FileDifference(".".join((*path, key)), *values)
    elif canonical(first) != canonical(second):
        yield FileDifference(".".join(path), canonical(first), canonical(second), _distance(first, second))


def _in_tensors(first: dict[str, Tensor], second: dict[str, Tensor]) -> FileDifference | None:
    for name in dict.fromkeys([*first, *second]):
        if name not in first or name not in second:
            return FileDifference(name, *("present" if name in entry else ABSENT for entry in (first, second)))
        found = first_in_tensors(name, first[name], second[name])
        if found is not None:
            return found
    return None


def _tensors(checkpoint: Checkpoint) -> dict[str, Tensor]:
    record = checkpoint.training_state
    groups = {
        "weights": checkpoint.weights,
        "ema": {} if checkpoint.ema is None else checkpoint.ema,
        "training": {} if record is None else record.tensors,
    }
    return {f"{group}/{name}": tensor for group, named in groups.items() for name, tensor in named.items()}


def _counters(checkpoint: Checkpoint) -> dict[str, Any]:
    """What, if it differs, makes everything behind it differ."""
    record = checkpoint.training_state
    learner = {} if record is None else record.values.get("learner", {})
    return {"step": checkpoint.step, "epoch": checkpoint.epoch, "training": {"learner": learner}}


def _header(checkpoint: Checkpoint) -> dict[str, Any]:
    record = checkpoint.training_state
    return {
        "metrics": checkpoint.metrics,
        "training": None if record is None else record.values,
        "classes": checkpoint.classes.to_json(),
        "model_config": checkpoint.model_config,
        "preprocess": checkpoint.preprocess,
        "eval_weights": checkpoint.eval_weights,
        "contract_digest": checkpoint.contract_digest,
    }


def _distance(first: Any, second: Any) -> str | None:
    numbers = [value for value in (first, second) if isinstance(value, int | float) and not isinstance(value, bool)]
    return f"by {abs(numbers[0] - numbers[1]):.3g}" if len(numbers) == 2 else None
