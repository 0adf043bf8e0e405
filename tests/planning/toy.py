"""A pipeline of three tiny stages, for tests of the plan and the engine.

``letters`` writes the word `dataset_root` (its input is a file the planner writes), ``shout`` makes it upper case and
counts its runs in scratch, ``count`` is a gate: it refuses words longer than `max_detections`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from yolozu.contract.sections.data import DatasetSection
from yolozu.contract.sections.predict import PredictSection
from yolozu.contract.sections.train import SeedSection
from yolozu.errors import GateFailed, Interrupted
from yolozu.stages.base import Stage, StageSpec, after, gives, needs, reads, records


class LettersSpec(StageSpec):
    dataset: DatasetSection


@dataclass(frozen=True)
class LettersInputs:
    fingerprint: Path = reads("plan/dataset.json")


@dataclass(frozen=True)
class LettersOutputs:
    word: Path = gives("data/word.txt")
    extra: Path = gives("data/extra", optional=True)


def write_letters(spec, inputs, outputs, context):
    outputs.word.write_text(spec.dataset.dataset_root)
    if spec.dataset.split == "with_extra":
        outputs.extra.mkdir()
        (outputs.extra / "one.txt").write_text("1")
    return {"letters": len(spec.dataset.dataset_root)}


class ShoutSpec(StageSpec):
    seed: SeedSection

    @classmethod
    def obstacle(cls, old, new, *, finished):  # noqa: ARG003
        return None if new["seed"]["seed"] == old["seed"]["seed"] + 1 else ""


@dataclass(frozen=True)
class ShoutInputs:
    word: Path = needs("letters.word")


@dataclass(frozen=True)
class ShoutOutputs:
    loud: Path = gives("out/loud.txt", carry=True, keep_previous=True)


def shout(spec, inputs, outputs, context):
    if "loud" in context.published:
        outputs.loud.write_text(context.published["loud"].read_text() + "!")
        return {"extended": True}
    tries = context.scratch / "tries"
    count = int(tries.read_text()) + 1 if tries.exists() else 1
    tries.write_text(str(count))
    context.saved(count, 9)
    if context.stopping():
        raise Interrupted.one("YZ311", where="shout", problem="stopped", fix="run again")
    outputs.loud.write_text(f"{inputs.word.read_text().upper()} {count}")
    return {"tries": count}


class CountSpec(StageSpec):
    predict: PredictSection


@dataclass(frozen=True)
class CountInputs:
    loud: Path = needs("shout.loud")


@dataclass(frozen=True)
class CountOutputs:
    report: Path = gives("reports/count.txt")


def count_letters(spec, inputs, outputs, context):
    length = len(inputs.loud.read_text())
    outputs.report.write_text(str(length))
    if length > spec.predict.max_detections:
        raise GateFailed.one("YZ602", where="loud.txt", problem=f"{length} letters", fix="write less")
    return {"length": length}


@dataclass(frozen=True)
class PraiseInputs:
    loud: Path = needs("shout.loud")
    count: Path = after("count.report")


@dataclass(frozen=True)
class PraiseOutputs:
    praise: Path = gives("out/praise.txt")


def praise(spec, inputs, outputs, context):
    outputs.praise.write_text(f"well said: {inputs.loud.read_text()}")
    return {}


@dataclass(frozen=True)
class TellInputs:
    loud: Path = needs("shout.loud")
    extra: Path | None = needs("letters.extra", optional=True)
    echo: Path | None = needs("echo.echo", optional=True)
    contract: Path = records("reports/config_resolved.yaml")


@dataclass(frozen=True)
class TellOutputs:
    told: Path = gives("out/told.txt")


def tell(spec, inputs, outputs, context):
    found = [name for name in ("extra", "echo") if getattr(inputs, name) is not None]
    outputs.told.write_text(f"{inputs.contract.read_text()}: {', '.join(found)}")
    return {}


LETTERS = Stage("letters", 1, LettersSpec, LettersInputs, LettersOutputs, write_letters)
SHOUT = Stage("shout", 1, ShoutSpec, ShoutInputs, ShoutOutputs, shout, resumable=True)
COUNT = Stage("count", 1, CountSpec, CountInputs, CountOutputs, count_letters)
PRAISE = Stage("praise", 1, ShoutSpec, PraiseInputs, PraiseOutputs, praise)
TOYS = (LETTERS, SHOUT, COUNT, PRAISE)
TELL = Stage("tell", 1, CountSpec, TellInputs, TellOutputs, tell)
"""Reads what may be missing; no part of `TOYS`."""
