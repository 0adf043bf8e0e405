"""Measure the predictions by the COCO protocol, and hold the numbers against the contract's gates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolozu.contract.deliver import EvaluateSection, PredictSection
from yolozu.errors import GateFailed
from yolozu.stages.base import Stage, StageContext, StageSpec, after, gives, needs


class EvaluateSpec(StageSpec):
    """Engine and gates, and how many images were predicted."""

    evaluate: EvaluateSection
    predict: PredictSection


@dataclass(frozen=True)
class EvaluateInputs:
    """The predictions, their passed check, and the ground truth."""

    predictions: Path = needs("predict.predictions")
    check: Path = after("validate_predictions.report")
    images: Path = needs("prepare_data.predict")


@dataclass(frozen=True)
class EvaluateOutputs:
    """The numbers."""

    report: Path = gives("reports/eval_coco.json")


def run(spec: EvaluateSpec, inputs: EvaluateInputs, outputs: EvaluateOutputs, context: StageContext) -> dict[str, Any]:
    """Evaluate. Returns the metrics.

    Raises:
        GateFailed: YZ804, one for each missed requirement; the report is written before.
    """
    from yolozu.artifacts.jsonio import pretty, write_text
    from yolozu.artifacts.predictions import load_predictions
    from yolozu.data.index import DataIndex
    from yolozu.evaluation.coco import evaluate_coco
    from yolozu.evaluation.gates import missed_gates
    from yolozu.evaluation.known import known_images
    from yolozu.evaluation.report import coco_report

    index, max_images = DataIndex.read(inputs.images), spec.predict.max_images
    loaded = load_predictions(inputs.predictions, known=known_images(index, max_images=max_images))
    result = evaluate_coco(index, loaded.images, engine=spec.evaluate.eval_engine, max_images=max_images)
    write_text(outputs.report, pretty(coco_report(result, loaded.check)))
    for warning in result.warnings:
        context.progress.say(f"evaluate: warning: {warning}")
    context.progress.say(f"evaluate: {_in_a_line(result.metrics)} on {result.images} images")
    missed = missed_gates(spec.evaluate.require, result.metrics)
    if missed:
        raise GateFailed(missed)
    return dict(result.metrics)


def _in_a_line(metrics: dict[str, float | None]) -> str:
    shown = ((name, metrics[name]) for name in ("map50_95", "map50", "ar100"))
    return ", ".join(f"{name} {'-' if value is None else format(value, '.4f')}" for name, value in shown)


STAGE = Stage(
    name="evaluate",
    version=1,
    spec=EvaluateSpec,
    inputs=EvaluateInputs,
    outputs=EvaluateOutputs,
    run=run,
    title="evaluate",
)
