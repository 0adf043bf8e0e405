"""Copy training's results to the paths that the contract names: light, and never a reason to train again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolozu.contract.sections.files import FilesSection
from yolozu.stages.base import Stage, StageContext, StageSpec, gives_at, needs


class FilesSpec(StageSpec):
    """Where copies are wanted."""

    files: FilesSection


@dataclass(frozen=True)
class FilesInputs:
    """What is copied."""

    best: Path = needs("train.best")
    train_metrics: Path = needs("train.train_metrics")


@dataclass(frozen=True)
class FilesOutputs:
    """The copies; None where none is wanted."""

    checkpoint_out: Path | None = gives_at("files.checkpoint_out")
    metrics_jsonl: Path | None = gives_at("files.metrics_jsonl")
    metrics_csv: Path | None = gives_at("files.metrics_csv")


def run(
    spec: FilesSpec,  # noqa: ARG001 - the outputs say where
    inputs: FilesInputs,
    outputs: FilesOutputs,
    context: StageContext,  # noqa: ARG001 - every stage's signature
) -> dict[str, Any]:
    """Copy what is asked for. Returns the number of metrics rows in the table."""
    import shutil

    from yolozu.artifacts.metrics_table import write_csv

    if outputs.checkpoint_out is not None:
        shutil.copyfile(inputs.best, outputs.checkpoint_out)
    if outputs.metrics_jsonl is not None:
        shutil.copyfile(inputs.train_metrics, outputs.metrics_jsonl)
    if outputs.metrics_csv is None:
        return {}
    return {"csv_rows": write_csv(inputs.train_metrics, outputs.metrics_csv)}


STAGE = Stage("files", 1, FilesSpec, FilesInputs, FilesOutputs, run, title="Copy results to where the contract says")
