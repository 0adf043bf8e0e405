"""What a training leaves of how much its weights matter: ``continual/ewc_state.pt`` and ``continual/si_state.pt``.

The file is of the same kind as a checkpoint: one text (canonical JSON) and one flat map of tensors, so that equal
states are equal files, and reading one never runs code.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.jsonio import canonical
from yolozu.artifacts.torch_archive import MALFORMED, ArchiveError, plain, read_archive, write_archive
from yolozu.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

    from yolozu.errors import YolozuError

FORMAT = "yolozu.continual_state"
SCHEMA_VERSION = 1
FIX = "build the run that left it again, or drop the key"

_IMPORTANCE, _ANCHOR = "importance/", "anchor/"


@dataclass(frozen=True)
class ContinualState:
    """How much each weight mattered to all tasks so far, and where the latest of them ended.

    Attributes:
        regularizer: ``ewc`` or ``si``.
        class_names: of the detector, in order.
        importance: parameter name -> at least 0, of the parameter's shape.
        anchor: parameter name -> the weights that the checkpoint is evaluated with.
        checkpoint: SHA-256 of the run's best.pt, whose weights those are.
        source: the file it was read from, for messages; not saved.
    """

    regularizer: str
    class_names: tuple[str, ...]
    importance: Mapping[str, Tensor]
    anchor: Mapping[str, Tensor]
    checkpoint: str
    source: str = field(default="state", compare=False)


def write_continual_state(path: Path, state: ContinualState) -> None:
    """Replace the file at ``path``, whole or not at all. Equal states give equal bytes.

    Raises:
        OSError: the system refuses; it names the file.
    """
    header = {
        "regularizer": state.regularizer,
        "class_names": list(state.class_names),
        "parameters": sorted(state.importance),
        "checkpoint": state.checkpoint,
    }
    groups = {_IMPORTANCE: state.importance, _ANCHOR: state.anchor}
    tensors = {f"{group}{name}": plain(named[name]) for group, named in groups.items() for name in sorted(named)}
    write_archive(
        path, {"format": FORMAT, "schema_version": SCHEMA_VERSION, "header": canonical(header), "tensors": tensors}
    )


def read_continual_state(path: Path, regularizer: str) -> ContinualState:
    """The state at ``path``, on the CPU. Nothing in the file is executed.

    Args:
        path: the file.
        regularizer: whose state it has to be.

    Raises:
        InputError: YZ541, it is no such state, is damaged, or has another schema version.
    """
    try:
        payload = read_archive(path, "state of an earlier training")
    except ArchiveError as error:
        told = {"missing": f"cannot be read: {error.detail}", "damaged": f"is damaged: {error.detail}"}
        raise _refused(path, told.get(error.kind, error.detail)) from error
    if not isinstance(payload, dict) or payload.get("format") != FORMAT or "schema_version" not in payload:
        raise _refused(path, "is a torch file, but no state of an earlier training")
    if payload["schema_version"] != SCHEMA_VERSION:
        problem = f"is of schema version {payload['schema_version']!r}, this yolozu reads version {SCHEMA_VERSION}"
        raise _refused(path, problem)
    try:
        state = _from_payload(payload, source=str(path))
    except MALFORMED as error:
        raise _refused(path, f"has parts that contradict each other: {type(error).__name__}: {error}") from error
    if state.regularizer != regularizer:
        raise _refused(path, f"is a state of {state.regularizer}, not of {regularizer}")
    return state


def _from_payload(payload: dict[str, Any], *, source: str) -> ContinualState:
    header = json.loads(payload["header"])
    names, tensors = header["parameters"], payload["tensors"]
    found: dict[str, dict[str, Tensor]] = {
        group: {name: tensors[f"{group}{name}"] for name in names} for group in (_IMPORTANCE, _ANCHOR)
    }
    for name in names:
        importance, anchor = found[_IMPORTANCE][name], found[_ANCHOR][name]
        if importance.shape != anchor.shape:
            raise ValueError(f"{name} has shapes {list(importance.shape)} and {list(anchor.shape)}")
        if not bool((importance >= 0.0).all() and importance.isfinite().all() and anchor.isfinite().all()):
            raise ValueError(f"{name} holds numbers that no training leaves")
    return ContinualState(
        header["regularizer"],
        tuple(header["class_names"]),
        found[_IMPORTANCE],
        found[_ANCHOR],
        header["checkpoint"],
        source=source,
    )


def _refused(path: Path, problem: str) -> YolozuError:
    return InputError.one("YZ541", where=str(path), problem=problem, fix=FIX)
