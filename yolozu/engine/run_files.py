"""What a finished run predicted, and the data it predicted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yolozu.artifacts.digest import digest_file
from yolozu.errors import Finding, UsageError
from yolozu.planning.receipt import Receipt

if TYPE_CHECKING:
    from pathlib import Path

    from yolozu.paths import RunLayout

PREDICTIONS = "predictions/predictions.json"
INDEX = "data/predict.json"
MODELS = "data/models.json"
MADE_BY = {PREDICTIONS: "predict", INDEX: "prepare_data", MODELS: "prepare_data"}


@dataclass(frozen=True)
class PredictedRun:
    """Files of a run that say what it predicted.

    Attributes:
        predictions_path: its predictions.
        index_path: the images, with their ground truth.
        models_path: the objects' models.
        config_path: its contract, resolved.
        max_images: how many of the images were predicted, the first ones; None means all.
    """

    predictions_path: Path
    index_path: Path
    models_path: Path
    config_path: Path
    max_images: int | None


def predicted_run(layout: RunLayout) -> PredictedRun:
    """The run in ``layout``.

    Raises:
        UsageError: YZ851 it has not predicted yet, or a file is not what its receipt says.
    """
    findings = []
    receipts = {stage: Receipt.read(layout.receipt_path(stage)) for stage in ("prepare_data", "predict")}
    fix = f"build it: doit {layout.word} predict"
    for name, stage in MADE_BY.items():
        path, receipt = layout.root / name, receipts[stage]
        if receipt is None or not path.is_file():
            findings.append(Finding("YZ851", str(path), f"stage {stage} of this run is not finished", fix))
        elif digest_file(path) != receipt.outputs.get(name):
            findings.append(Finding("YZ851", str(path), f"is not what stage {stage} of this run wrote", fix))
    if findings:
        raise UsageError(findings)
    predict = receipts["predict"]
    assert predict is not None, "a finding says that it is missing"
    return PredictedRun(
        predictions_path=layout.root / PREDICTIONS,
        index_path=layout.root / INDEX,
        models_path=layout.root / MODELS,
        config_path=layout.root / "reports" / "config_resolved.yaml",
        max_images=predict.spec.get("predict", {}).get("max_images"),
    )
