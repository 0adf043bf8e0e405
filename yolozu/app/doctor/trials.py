"""Short trainings of the contract's network on a few of its pictures, by its own train stage."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.metrics_table import read_rows
from yolozu.contract.sections.continual import ContinualSection, DistillationSection
from yolozu.contract.sections.data import AugmentSection
from yolozu.contract.sections.optim import LengthSection, ScheduleSection
from yolozu.errors import Interrupted
from yolozu.stages.registry import STAGES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from yolozu.app.doctor.stages import Bench
    from yolozu.data.index import DataIndex
    from yolozu.structures.image_record import ImageRecord

IMAGES = 8
"""Pictures that are learned by heart, and the largest batch."""

PAIRED_IMAGES, HELD_OUT_IMAGES = 64, 32
"""Pictures of the two trainings that are held against each other, and those that they are measured on."""

PROBE_STEPS = 3
MOST_STEPS = 400
"""`benchmarks/overfit.py` needs 60 for eight photos."""

VALIDATIONS = 4


@dataclass(frozen=True)
class Trial:
    """How a short training went.

    Attributes:
        steps: optimizer steps.
        train_losses: the total of every step.
        val_losses: the total of every validation.
        map50: of every validation, on the pictures it validated on; None where they have no object.
        step_s: median seconds of a step.
    """

    steps: int
    train_losses: tuple[float, ...]
    val_losses: tuple[float, ...]
    map50: tuple[float | None, ...]
    step_s: float


def trial_spec(spec: Any, *, images: int, steps: int) -> Any:
    """The train stage's spec for a short training: network, losses, optimizer and rate of the contract, and no more.

    Nothing is varied, averaged, accumulated or phased; the rate is constant after at most ten steps of warm-up.
    """
    loop = {
        "batch_size": min(spec.loop.batch_size, images, IMAGES),
        "ddp": False,
        "use_ema": False,
        "ema_eval": False,
        "val_every": 10**9,
        "val_every_steps": max(1, math.ceil(steps / VALIDATIONS)),
        "early_stop_patience": 0,
        "stage_off_steps": 0,
        "stage_k_steps": 0,
        "torch_compile": False,
        "best_metric": "auto",
    }
    return spec.model_copy(
        update={
            "augment": AugmentSection(),
            "continual": ContinualSection(),
            "distillation": DistillationSection(),
            "schedule": ScheduleSection(lr_warmup_steps=min(10, spec.schedule.lr_warmup_steps)),
            "length": LengthSection(max_steps=steps),
            "optim": spec.optim.model_copy(update={"gradient_accumulation_steps": 1}),
            "loop": spec.loop.model_copy(update=loop),
        }
    )


def with_objects(index: DataIndex, most: int, *, without: Sequence[ImageRecord] = ()) -> DataIndex:
    """The first pictures that show objects, and that are none of ``without``."""
    known = {record.sha256 for record in without}
    shown = [record for record in index.records if not record.is_crowd.all() and record.sha256 not in known]
    return replace(index, records=tuple(shown[:most]))


def shuffled(index: DataIndex) -> DataIndex:
    """The same pictures, each with the objects of the next one."""
    records = index.records
    mixed = [
        replace(
            record,
            class_indices=other.class_indices,
            boxes_cxcywh=other.boxes_cxcywh,
            is_crowd=other.is_crowd,
            areas_px=other.areas_px,
            poses=other.poses,
            masks=other.masks,
        )
        for record, other in zip(records, (*records[1:], *records[:1]), strict=True)
    ]
    return replace(index, records=tuple(mixed))


def train(
    bench: Bench, train_index: DataIndex, val_index: DataIndex, *, steps: int, seconds: float = math.inf, name: str
) -> Trial:
    """Train for ``steps``, or until ``seconds`` are over, into the bench's folder ``name``; at least one step."""
    stage = STAGES.load("train")
    paths = {"train": train_index, "val": val_index}
    inputs = {which: _written(bench, index, f"{name}.{which}.json") for which, index in paths.items()}
    spec = trial_spec(bench.spec(stage), images=len(train_index), steps=steps)
    with suppress(Interrupted):  # when the time is over; its rows tell how far it came
        bench.run(stage, spec, into=name, seconds=seconds, **inputs)
    rows = list(read_rows(bench.output(stage, "train_metrics", into=name)))
    validated = list(read_rows(bench.output(stage, "val_metrics", into=name)))
    taken = [row for row in rows if row["meta"]["kind"] == "train_step"]
    times = sorted(row["metrics"]["step_time_s"] + row["metrics"]["data_time_s"] for row in taken)
    return Trial(
        steps=len(taken),
        train_losses=tuple(row["losses"]["total"] for row in taken),
        val_losses=tuple(row["losses"]["total"] for row in validated),
        map50=tuple(row["metrics"]["map50"] for row in validated),
        step_s=times[len(times) // 2],
    )


def _written(bench: Bench, index: DataIndex, name: str) -> Path:
    path = bench.root / "data" / name
    index.write(path)
    return path
