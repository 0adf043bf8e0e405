"""First weights of a detector from a file: exactly, or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from yolozu.artifacts.init_report import InitClass, InitRow
from yolozu.contract.sections.model import ModelConfig
from yolozu.errors import Finding, InputError
from yolozu.model.detector import Detector
from yolozu.model.lora import base_name, is_lora_parameter
from yolozu.model.weights.class_rows import (
    EMBEDDING,
    ClassRows,
    HeadInit,
    choose_rows,
    class_counts,
    depends_on_classes,
)
from yolozu.model.weights.errors import refusals
from yolozu.model.weights.source import COUNTER, Source, read_source

POSE_PARTS = ("decoder.pose_heads.", "k_head.")
RECONSTRUCTION = "reconstruction."


@dataclass(frozen=True)
class Initialized:
    """What was done to a detector.

    Attributes:
        kind: what the file is.
        table: what became of each part's tensors.
        classes: where each class's rows came from.
        left_out: tensors of the file without use here.
        notes: what else to know; whole lines.
    """

    kind: str
    table: list[InitRow]
    classes: list[InitClass]
    left_out: list[str]
    notes: list[str]

    def lines(self, origin: str) -> list[str]:
        """What to say of it, and of the file or name it came from: a line or a few."""
        taken = sum(row.values_from_file for row in self.table)
        new = sum(row.values_new for row in self.table)
        told = [f"weights from {origin} ({self.kind}): {taken:,} numbers, {new:,} new"]
        fresh = [entry.name for entry in self.classes if entry.from_index is None]
        if fresh:
            some = ", ".join(fresh[:8]) + (f" and {len(fresh) - 8} more" if len(fresh) > 8 else "")
            told.append(f"  {len(self.classes) - len(fresh)} of {len(self.classes)} classes from it; new: {some}")
        return [*told, *(f"  {note}" for note in self.notes)]


def initialize(
    detector: Detector, config: ModelConfig, classes: Sequence[str], path: Path, head_init: HeadInit | None
) -> Initialized:
    """Fill ``detector``, which has fresh weights, from the file at ``path``; adapters stay fresh.

    Args:
        detector: as built from ``config``; left as it is when the file is refused.
        config: its architecture.
        classes: names of its classes, in network order.
        path: weights of any known layout.
        head_init: how rows of classes are carried over; None demands as many classes, and takes all rows.

    Raises:
        InputError: YZ415 and YZ416 the file cannot be read, YZ410 and YZ417 to YZ422 it does not fit; all reasons
            together.
    """
    source = read_source(path, detector.backbone)
    whole = detector.state_dict()
    adapters = {name: tensor for name, tensor in whole.items() if is_lora_parameter(name)}
    own_names = {base_name(name): name for name in whole if name not in adapters}
    state = {name: whole[own_name] for name, own_name in own_names.items()}
    wanted = _wanted(state, source, head_init)
    left_out, source = _without_unused(source, wanted)
    findings = [*refusals(source, wanted, config), *_not_finite(source)]
    rows = None
    try:
        rows = _rows(source, classes, head_init)
    except InputError as error:
        findings += error.findings
    if findings:
        raise InputError(findings)
    filled = {own_names[name]: _filled(name, own, source.tensors.get(name), rows) for name, own in state.items()}
    detector.load_state_dict({**filled, **adapters}, strict=True)
    return Initialized(
        kind=source.kind,
        table=_table(state, source.tensors, rows),
        classes=_classes(rows, classes),
        left_out=left_out,
        notes=[
            *source.notes,
            *_notes(source, rows, classes),
            *_notes_of_heads(state, source),
            *_note_of_left_out(left_out),
            *([f"{len(adapters) // 2} layers have new adapters, which begin without effect"] if adapters else []),
        ],
    )


def _wanted(state: Mapping[str, Tensor], source: Source, head_init: HeadInit | None) -> dict[str, Tensor]:
    """What the file has to give: all that is learned, or the backbone. Class rows that are new anyway may be absent."""
    optional = {EMBEDDING} if head_init is not None and EMBEDDING not in source.tensors else set()
    if not _of_poses(source.tensors):
        optional |= set(_of_poses(state))
    if not _of_reconstruction(source.tensors):
        optional |= set(_of_reconstruction(state))
    return {
        name: tensor
        for name, tensor in state.items()
        if not name.endswith(COUNTER)
        and name not in optional
        and (name.startswith("backbone.") or not source.backbone_only)
    }


def _of_poses(tensors: Mapping[str, Tensor]) -> list[str]:
    """Names of the pose heads' tensors. Published detectors have none, and such heads then begin anew as a whole."""
    return [name for name in tensors if name.startswith(POSE_PARTS)]


def _of_reconstruction(tensors: Mapping[str, Tensor]) -> list[str]:
    """Names of the reconstruction head's tensors; it begins anew, or is left out, as a whole."""
    return [name for name in tensors if name.startswith(RECONSTRUCTION)]


def _without_unused(source: Source, wanted: Mapping[str, Tensor]) -> tuple[list[str], Source]:
    """The source without what only training uses and the contract has turned off.

    That is the classes' embedding without denoising, and the reconstruction head without masked image modelling.
    """
    own_head = any(name.startswith(RECONSTRUCTION) for name in wanted)
    unused = [EMBEDDING] if EMBEDDING in source.tensors and EMBEDDING not in wanted else []
    unused += [] if own_head else _of_reconstruction(source.tensors)
    tensors = {name: tensor for name, tensor in source.tensors.items() if name not in unused}
    return unused, replace(source, tensors=tensors)


def _not_finite(source: Source) -> list[Finding]:
    bad = [name for name, tensor in source.tensors.items() if not bool(torch.isfinite(tensor).all())]
    if not bad:
        return []
    return [Finding("YZ422", source.where, f"holds NaN or infinite numbers: {', '.join(bad)}", "give an intact copy")]


def _rows(source: Source, classes: Sequence[str], head_init: HeadInit | None) -> ClassRows | None:
    """Which class rows to take; None from a backbone, and from a file that has none (which is refused elsewhere)."""
    if source.backbone_only:
        if head_init is not None:
            raise InputError.one(
                "YZ419",
                where=source.where,
                problem=f"is a backbone without classes, so head_init: {head_init} means nothing",
                fix="drop head_init",
            )
        return None
    counts = class_counts(source.tensors)
    if not counts:
        return None
    if source.is_agnostic:
        return None  # refused elsewhere
    if len(counts) > 1:
        raise InputError.one(
            "YZ419",
            where=source.where,
            problem=f"has heads for different numbers of classes: {', '.join(map(str, sorted(counts)))}",
            fix="give a detector whose query selection knows its classes",
        )
    return choose_rows(
        head_init,
        where=source.where,
        count=counts.pop(),
        names=source.class_names,
        coco_if_unnamed=source.coco_if_unnamed,
        own=classes,
    )


def _filled(name: str, own: Tensor, given: Tensor | None, rows: ClassRows | None) -> Tensor:
    if given is None:
        return own
    given = given.to(own.dtype)
    return rows.merged(name, own, given) if rows is not None and depends_on_classes(name) else given


def _table(state: Mapping[str, Tensor], given: Mapping[str, Tensor], rows: ClassRows | None) -> list[InitRow]:
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for name, own in state.items():
        if name.endswith(COUNTER):
            continue
        action, taken = "re-initialized", 0
        if name in given:
            action, taken = "copied", own.numel()
            if rows is not None and depends_on_classes(name):
                action, taken = rows.action, rows.rows_from_file(name) * (own.numel() // own.shape[0])
        row = counts[name.partition(".")[0], action]
        row[0] += 1
        row[1] += taken
        row[2] += own.numel() - taken
    return [
        InitRow.model_validate(
            {"part": part, "action": action, "tensors": tensors, "values_from_file": taken, "values_new": new}
        )
        for (part, action), (tensors, taken, new) in counts.items()
    ]


def _classes(rows: ClassRows | None, classes: Sequence[str]) -> list[InitClass]:
    if rows is None:
        return []
    return [
        InitClass(
            index=index,
            name=name,
            from_index=origin,
            from_name=None if origin is None or rows.names is None else rows.names[origin],
        )
        for index, (name, origin) in enumerate(zip(classes, rows.origins, strict=True))
    ]


def _notes_of_heads(state: Mapping[str, Tensor], source: Source) -> list[str]:
    """Heads that begin anew as a whole."""
    if source.backbone_only:
        return []
    kinds = (("the pose heads are", _of_poses), ("the reconstruction head is", _of_reconstruction))
    return [f"{what} new: the file has none" for what, of in kinds if of(state) and not of(source.tensors)]


def _note_of_left_out(left_out: Sequence[str]) -> list[str]:
    unused = any(name.startswith(RECONSTRUCTION) for name in left_out)
    return ["the file's reconstruction head is left out: enable_mim is off"] if unused else []


def _notes(source: Source, rows: ClassRows | None, classes: Sequence[str]) -> list[str]:
    if rows is None:
        return []
    notes = []
    if rows.action == "copied" and rows.names is not None and rows.names != tuple(classes):
        place = next(index for index, name in enumerate(classes) if rows.names[index] != name)
        notes.append(
            f"warning: classes keep their places but not their names: {place} was {rows.names[place]!r}, "
            f"is {classes[place]!r}; head_init: remap goes by name"
        )
    if rows.action == "remapped" and source.class_names is None:
        notes.append("the file does not name its 80 classes; taken for those of COCO")
    return notes
