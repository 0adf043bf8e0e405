"""The scenario suite of a run: slices of its predictions, and its adapter on perturbed pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.contract.sections.scenarios import NONE, ScenariosSection
from yolozu.stages.base import Stage, StageContext, after, gives, needs, reads
from yolozu.stages.predict import PredictSpec, request_of

if TYPE_CHECKING:
    from yolozu.contract.sections.scenario_setting import ScenarioSetting
    from yolozu.data.index import DataIndex


class ScenariosSpec(PredictSpec):
    """Which suite, what predicts, and what the run's predictions were made with."""

    scenarios: ScenariosSection

    def wanted(self) -> bool:
        """Unless the contract asks for no scenarios."""
        return self.scenarios.scenarios != NONE


@dataclass(frozen=True)
class ScenariosInputs:
    """The suite's setting, the run's predictions, what made them, and the ground truth with the objects' models."""

    setting: Path = reads("plan/scenario_setting.json")
    predictions: Path = needs("predict.predictions")
    evaluated: Path = after("evaluate.report")
    checkpoint: Path = needs("train.best")
    onnx: Path = needs("export_onnx.onnx")
    given: Path = reads("plan/given.json")
    images: Path = needs("prepare_data.predict")
    models: Path = needs("prepare_data.models")


@dataclass(frozen=True)
class ScenariosOutputs:
    """The numbers."""

    report: Path = gives("reports/scenarios.json")


def run(
    spec: ScenariosSpec, inputs: ScenariosInputs, outputs: ScenariosOutputs, context: StageContext
) -> dict[str, Any]:
    """Measure. Returns how much was measured.

    Raises:
        InputError: YZ821 a slice names a class that there is not.
    """
    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.artifacts.predictions import read_predictions
    from yolozu.artifacts.record import write_record
    from yolozu.data.index import DataIndex
    from yolozu.evaluation.known_images import known_images
    from yolozu.evaluation.scenarios.suite import Suite
    from yolozu.predict.scenario_predictor import AdapterPredictor
    from yolozu.structures.predictions import TimedPredictions

    setting, warnings = _planned(inputs.setting, spec)
    changed = _changed(spec)
    if changed:
        warnings += (
            f"the run predicts {' and '.join(changed)}, and clean and slices measure that; "
            "perturbations change the pictures as they are, for the network as it is",
        )
    index = DataIndex.read(inputs.images, context.moved)
    known = known_images(index, max_images=spec.predict.max_images)
    entries = read_predictions(inputs.predictions, known=known, passed=True)
    tested = _tested(index, spec.predict.max_images, setting.max_images)
    names = {record.image for record in tested.records}
    for warning in warnings:
        context.progress.say(f"scenarios: warning: {warning}")
    request = request_of(spec, index, context, checkpoint=inputs.checkpoint, onnx=inputs.onnx, stage="scenarios")
    report = Suite(
        setting=setting,
        index=tested,
        models=ObjectModels.read(inputs.models),
        predictor=AdapterPredictor(spec.predict.adapter, request),
        clean=TimedPredictions([entry for entry in entries if entry.image in names], None),
        comparable=not changed,
        warnings=warnings,
    ).run()
    write_record(outputs.report, report)
    measured = sum(row.map50_95 is not None for row in report.scenarios)
    context.progress.say(f"scenarios: {measured} of {len(report.scenarios)} measured on {len(tested)} images")
    return {"images": len(tested), "scenarios": len(report.scenarios), "measured": measured}


def _planned(path: Path, spec: ScenariosSpec) -> tuple[ScenarioSetting, tuple[str, ...]]:
    """The setting as the planner found it, and what of it has no effect."""
    import json

    from yolozu.artifacts.jsonio import read_json
    from yolozu.contract.sections.scenario_setting import ScenarioSetting

    planned = read_json(path, code="YZ312", fix="build the run again: the planner writes this file")
    setting = ScenarioSetting.model_validate_json(json.dumps(planned["setting"]), strict=True)
    dead = planned["without_effect"]
    said = f"{spec.scenarios.scenarios}: no effect in a run, which has its own: {', '.join(dead)}"
    return setting, (said,) if dead else ()


def _changed(spec: ScenariosSpec) -> list[str]:
    """What sets the run's predictions apart from those of the same pictures in a scenario."""
    corruption = spec.corruption
    words = {
        f"with corruption {corruption.corruption} {corruption.corruption_severity}": corruption.corruption is not None,
        "with mirrored predictions": spec.tta.mirrors,
        "with test-time training": spec.ttt.ttt,
    }
    return [word for word, applies in words.items() if applies]


def _tested(index: DataIndex, *limits: int | None) -> DataIndex:
    most = min((limit for limit in limits if limit is not None), default=len(index))
    return replace(index, records=index.records[:most])


STAGE = Stage(
    name="scenarios",
    version=1,
    spec=ScenariosSpec,
    inputs=ScenariosInputs,
    outputs=ScenariosOutputs,
    run=run,
    title="measure scenarios",
)
