"""Hold the predictions against schema and data set: the gate before anything is measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolozu.contract.sections.predict import PredictSection
from yolozu.errors import Finding, GateFailed
from yolozu.stages.base import Stage, StageContext, StageSpec, gives, needs

MOST_SHOWN = 20
"""Findings an error message spells out; the report holds the first of each kind, and counts all."""


class ValidatePredictionsSpec(StageSpec):
    """How many images were to be predicted."""

    predict: PredictSection


@dataclass(frozen=True)
class ValidatePredictionsInputs:
    """The predictions, and the images they are for."""

    predictions: Path = needs("predict.predictions")
    images: Path = needs("prepare_data.predict")


@dataclass(frozen=True)
class ValidatePredictionsOutputs:
    """What was found."""

    report: Path = gives("reports/predictions_check.json")


def run(
    spec: ValidatePredictionsSpec,
    inputs: ValidatePredictionsInputs,
    outputs: ValidatePredictionsOutputs,
    context: StageContext,
) -> dict[str, Any]:
    """Check. Returns counts.

    Raises:
        GateFailed: the findings, when there is an error; the report is written before.
    """
    from yolozu.artifacts.jsonio import pretty, write_text
    from yolozu.artifacts.predictions import check_predictions
    from yolozu.artifacts.predictions.check import check_report
    from yolozu.artifacts.predictions.read_columns import read_columns
    from yolozu.data.index import DataIndex
    from yolozu.evaluation.known_images import known_images

    known = known_images(DataIndex.read(inputs.images), max_images=spec.predict.max_images)
    found = read_columns(inputs.predictions, known=known)
    check = check_predictions(inputs.predictions, known=known) if found is None else found[1]
    write_text(outputs.report, pretty(check_report(check)))
    if not check.passed:
        errors = [finding for finding in check.findings if finding.severity == "error"]
        shown = errors[:MOST_SHOWN]
        if check.errors > len(shown):
            problem = f"{check.errors - len(shown)} more errors"
            shown.append(
                Finding("YZ719", "predictions/predictions.json", problem, "see reports/predictions_check.json")
            )
        raise GateFailed(shown)
    warned = f", {check.warnings} warnings" if check.warnings else ""
    context.progress.say(f"predictions: {check.images} images, {check.detections} detections, no error{warned}")
    return {"images": check.images, "detections": check.detections, "warnings": check.warnings}


STAGE = Stage(
    name="validate_predictions",
    version=2,
    spec=ValidatePredictionsSpec,
    inputs=ValidatePredictionsInputs,
    outputs=ValidatePredictionsOutputs,
    run=run,
    title="check the predictions",
)
