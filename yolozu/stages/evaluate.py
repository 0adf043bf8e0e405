"""Measure the predictions (boxes by the COCO protocol, poses where there are any), and hold the numbers to gates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.contract.sections.evaluate import EvaluateSection
from yolozu.contract.sections.predict import PredictSection
from yolozu.errors import GateFailed
from yolozu.evaluation.pose.registry import POSE_METRICS
from yolozu.stages.base import Stage, StageContext, StageSpec, after, gives, needs

if TYPE_CHECKING:
    from yolozu.artifacts.predictions.load import PredictionsFile
    from yolozu.data.index import DataIndex


class EvaluateSpec(StageSpec):
    """Engine and gates, and how many images were predicted."""

    evaluate: EvaluateSection
    predict: PredictSection


@dataclass(frozen=True)
class EvaluateInputs:
    """The predictions, their passed check, and the ground truth with the objects' models."""

    predictions: Path = needs("predict.predictions")
    check: Path = after("validate_predictions.report")
    images: Path = needs("prepare_data.predict")
    models: Path = needs("prepare_data.models")


@dataclass(frozen=True)
class EvaluateOutputs:
    """The numbers; of poses, where the data has any, also the estimates as BOP exchanges them."""

    report: Path = gives("reports/eval_coco.json")
    pose: Path = gives("reports/eval_pose.json", optional=True)
    bop: Path = gives("predictions/bop.csv", optional=True)


def run(spec: EvaluateSpec, inputs: EvaluateInputs, outputs: EvaluateOutputs, context: StageContext) -> dict[str, Any]:
    """Evaluate. Returns the metrics.

    Raises:
        GateFailed: YZ804, one for each missed requirement; the reports are written before.
    """
    from yolozu.artifacts.predictions import PredictionsFile, read_predictions
    from yolozu.artifacts.predictions.check import read_check_report
    from yolozu.artifacts.record import write_record
    from yolozu.data.index import DataIndex
    from yolozu.evaluation.boxes.coco import evaluate_coco
    from yolozu.evaluation.gates import missed_gates
    from yolozu.evaluation.known_images import known_images

    index, max_images = DataIndex.read(inputs.images), spec.predict.max_images
    known = known_images(index, max_images=max_images)
    images = read_predictions(inputs.predictions, known=known, passed=True)
    loaded = PredictionsFile(images, read_check_report(inputs.check))
    result = evaluate_coco(index, loaded.images, engine=spec.evaluate.eval_engine, max_images=max_images)
    write_record(outputs.report, result.of_file(loaded.check))
    for warning in result.warnings:
        context.progress.say(f"evaluate: warning: {warning}")
    context.progress.say(
        f"evaluate: {_in_a_line(result.metrics, ('map50_95', 'map50', 'ar100'))} on {result.counts.images} images"
    )
    poses = _poses(index, loaded, inputs, outputs, context, max_images=max_images)
    metrics = {**result.metrics, **(dict.fromkeys(POSE_METRICS) if poses is None else poses)}
    missed = missed_gates(spec.evaluate.require, metrics, has_poses=poses is not None)
    if missed:
        raise GateFailed(missed)
    return result.metrics if poses is None else metrics


def _poses(
    index: DataIndex,
    loaded: PredictionsFile,
    inputs: EvaluateInputs,
    outputs: EvaluateOutputs,
    context: StageContext,
    *,
    max_images: int | None,
) -> dict[str, float | None] | None:
    """Evaluate poses. Returns the metrics; None, and nothing is written, where no object has a pose."""
    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.artifacts.record import write_record
    from yolozu.evaluation.boxes.report import said_by
    from yolozu.evaluation.pose.bop_csv import write_bop_csv
    from yolozu.evaluation.pose.evaluate import evaluate_pose

    if not index.has_poses:
        return None
    result = evaluate_pose(index, ObjectModels.read(inputs.models), loaded.images, max_images=max_images)
    write_record(outputs.pose, result.with_warnings(said_by(loaded.check)))
    write_bop_csv(outputs.bop, index, loaded.images)
    for warning in result.warnings:
        context.progress.say(f"evaluate: warning: {warning}")
    shown = ("add_s_01d", "rot_deg_median", "t_mm_median")
    context.progress.say(f"evaluate: {_in_a_line(result.metrics, shown)} of {result.counts.ground_truth} poses")
    return result.metrics


def _in_a_line(metrics: dict[str, float | None], names: tuple[str, ...]) -> str:
    shown = ((name, metrics[name]) for name in names)
    return ", ".join(f"{name} {'-' if value is None else format(value, '.4f')}" for name, value in shown)


STAGE = Stage(
    name="evaluate",
    version=2,
    spec=EvaluateSpec,
    inputs=EvaluateInputs,
    outputs=EvaluateOutputs,
    run=run,
    title="evaluate",
)
