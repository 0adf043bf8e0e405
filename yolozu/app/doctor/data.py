"""Whether the contract's data set can be read, and how much there is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yolozu.app.doctor.verdicts import Verdict
from yolozu.contract.sections.data import SYNTHETIC
from yolozu.errors import YolozuError
from yolozu.stages.registry import STAGES

if TYPE_CHECKING:
    from yolozu.app.doctor.stages import Bench

RENDERED = {"synth_images": 64, "synth_val_images": 16}
"""Scenes that the doctor renders of its own, however many the contract asks for."""

FEW_OBJECTS = 10
"""Of a class, on average."""


def data_verdicts(bench: Bench) -> list[Verdict]:
    """Look at the data as `prepare_data` does; its files are in the bench's directory afterwards, if it may go on."""
    stage = STAGES.load("prepare_data")
    spec = bench.spec(stage)
    if spec.dataset.dataset_root == SYNTHETIC:
        spec = spec.model_copy(update={"synth": spec.synth.model_copy(update=RENDERED)})
    try:
        counts = bench.run(stage, spec)
    except YolozuError as error:
        return [
            Verdict("data", "wrong", finding.problem, f"{finding.where}: {finding.fix}") for finding in error.findings
        ]
    return [_amount(counts), *_held_out(counts), *_findings(counts, spec.dataset.dataset_root)]


def _amount(counts: dict[str, Any]) -> Verdict:
    images, objects, classes = (counts[key] for key in ("train_images", "train_instances", "classes"))
    poses = f", {counts['train_poses']} with a pose" if counts["train_poses"] else ""
    said = f"{images} pictures, {objects} objects{poses}, {classes} class{'' if classes == 1 else 'es'} to learn"
    if objects < FEW_OBJECTS * classes:
        return Verdict("data", "warning", said, f"label {FEW_OBJECTS} objects and more of each class")
    return Verdict("data", "ok", said)


def _held_out(counts: dict[str, Any]) -> list[Verdict]:
    said = f"{counts['val_images']} pictures, {counts['val_instances']} objects"
    if counts["val_instances"]:
        return [Verdict("held out", "ok", said)]
    return [Verdict("held out", "warning", said, "nothing can choose the best model: label them, or set val_split")]


def _findings(counts: dict[str, Any], root: str) -> list[Verdict]:
    if not counts["findings"]:
        return []
    number = counts["findings"]
    return [
        Verdict("data check", "warning", f"{number} finding{'' if number == 1 else 's'}", f"yolozu data check {root}")
    ]
