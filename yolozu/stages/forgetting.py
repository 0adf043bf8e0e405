"""Predict the held-out images of earlier tasks, and hold that against what their own runs predicted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.earlier_runs import HELD_OUT, MODELS, PREDICTIONS
from yolozu.contract.sections.continual import ContinualSection
from yolozu.contract.sections.predict import CorruptionSection, PredictSection, TtaSection, TttSection
from yolozu.contract.sections.train import DeviceSection
from yolozu.errors import Finding, InputError
from yolozu.stages.base import Stage, StageContext, StageSpec, after, gives, needs, reads
from yolozu.stages.predict import PredictSpec, request_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolozu.data.index import DataIndex
    from yolozu.data.moved import Moved
    from yolozu.evaluation.forgetting.averages import Row
    from yolozu.evaluation.forgetting.measure import HeldOut
    from yolozu.evaluation.forgetting.report import EarlierTask, ForgettingReport
    from yolozu.predict.adapters.base import Adapter


class ForgettingSpec(StageSpec):
    """Whether there are earlier tasks, and how is predicted."""

    continual: ContinualSection
    predict: PredictSection
    corruption: CorruptionSection
    tta: TtaSection
    device: DeviceSection

    def wanted(self) -> bool:
        """Where a training goes on from an earlier one."""
        return self.continual.continual_from is not None

    def needs_device(self) -> str:
        """The contract's: torch predicts."""
        return self.device.device


@dataclass(frozen=True)
class ForgettingInputs:
    """What the planner knows of earlier runs, the network, and the run's own predictions with their ground truth."""

    tasks: Path = reads("plan/earlier_tasks.json")
    checkpoint: Path = needs("train.best")
    predictions: Path = needs("predict.predictions")
    evaluated: Path = after("evaluate.report")
    images: Path = needs("prepare_data.predict")


@dataclass(frozen=True)
class ForgettingOutputs:
    """The numbers."""

    report: Path = gives("reports/forgetting.json")


def run(
    spec: ForgettingSpec, inputs: ForgettingInputs, outputs: ForgettingOutputs, context: StageContext
) -> dict[str, Any]:
    """Measure. Returns the averages.

    Raises:
        InputError: YZ558 images of an earlier task are gone, were never predicted, or show classes that this network
            does not know.
    """
    from yolozu.artifacts.jsonio import read_json
    from yolozu.artifacts.record import write_record
    from yolozu.data.index import DataIndex

    planned = read_json(inputs.tasks, code="YZ312", fix="build the run again: the planner writes this file")["tasks"]
    index = DataIndex.read(inputs.images, context.moved)
    held_out = [_held_out(task["run"], task["files"], index, context.moved) for task in planned]
    adapter = _adapter(spec, index, inputs, context)
    earlier = [
        _measured(task["name"], task["run"], images, adapter, context)
        for task, images in zip(planned, held_out, strict=True)
    ]
    own = _own_score(spec, index, inputs)
    report = _report(context.evidence.parent.resolve().name, earlier, [task["after"] for task in planned], own)
    write_record(outputs.report, report)
    averages = {name: getattr(report, name) for name in ("average", "forgetting", "backward_transfer")}
    shown = ", ".join(f"{name} {'-' if value is None else format(value, '.4f')}" for name, value in averages.items())
    context.progress.say(f"forgetting: map50_95 of {len(report.tasks)} tasks: {shown.replace('_', ' ')}")
    return {"tasks": len(report.tasks), **averages}


def _held_out(run: str, files: dict[str, str | None], own: DataIndex, moved: Moved | None) -> tuple[HeldOut, list[str]]:
    """An earlier run's images in the class table of this one, and its own classes."""
    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.artifacts.predictions import read_predictions
    from yolozu.data.index import DataIndex
    from yolozu.evaluation.forgetting.measure import HeldOut
    from yolozu.evaluation.known_images import known_images

    for name, digest in files.items():
        if digest is None:
            raise _unusable(f"{run}/{name}", "the earlier run has no such file", f"build it: yolozu run run_dir={run}")
    index, models = DataIndex.read(Path(run) / HELD_OUT, moved), ObjectModels.read(Path(run) / MODELS)
    predictions = read_predictions(Path(run) / PREDICTIONS, known=known_images(index), passed=True)
    held_out = HeldOut(index, models, predictions).of_predicted()
    _require_pictures(run, held_out.index)
    unknown = [name for name in index.classes.names if name not in own.classes.names]
    if unknown:
        problem = f"its classes {', '.join(unknown)} are none of this network's"
        raise _unusable(run, problem, "name all classes of earlier tasks in class_names")
    return held_out.in_classes(own.classes), list(index.classes.names)


def _require_pictures(run: str, index: DataIndex) -> None:
    from yolozu.artifacts.packed_files import is_file

    gone = [record for record in index.records if not is_file(record.path)]
    if gone:
        raise _unusable(
            str(gone[0].path),
            f"this held-out picture of {run} is gone, with {len(gone) - 1} others of {len(index.records)}",
            f"put the data set back to {index.root}; or drop continual_from, which the report goes by",
        )


def _unusable(where: str, problem: str, fix: str) -> InputError:
    return InputError([Finding("YZ558", where, problem, fix)])


def _adapter(spec: ForgettingSpec, index: DataIndex, inputs: ForgettingInputs, context: StageContext) -> Adapter:
    """The checkpoint, whatever predicts the run's own images: it alone takes pictures of all kinds."""
    from yolozu.data.corruption.corruption import Corruption
    from yolozu.predict.adapters.opening import open_adapter

    section = spec.predict.model_copy(update={"adapter": "rtdetr_pose", "predictions": None})
    asked = PredictSpec(predict=section, corruption=spec.corruption, tta=spec.tta, ttt=TttSection(), device=spec.device)
    request = request_of(asked, index, context, checkpoint=inputs.checkpoint, onnx=Path(), stage="forgetting")
    request = replace(request, onnx=None, transform=Corruption.from_section(spec.corruption))
    return open_adapter("rtdetr_pose", request)


def _measured(
    name: str, run: str, images: tuple[HeldOut, list[str]], adapter: Adapter, context: StageContext
) -> EarlierTask:
    from yolozu.evaluation.forgetting.measure import compare_task

    held_out, names = images
    task = compare_task(name, run, held_out, names, adapter.predict(held_out.index.records))
    then, now = ("-" if one.map50_95 is None else f"{one.map50_95:.4f}" for one in (task.before, task.after))
    context.progress.say(f"forgetting: {name}: map50_95 {then} before, {now} now, on {task.images} images")
    return task


def _own_score(spec: ForgettingSpec, index: DataIndex, inputs: ForgettingInputs) -> float | None:
    """How well the run does on its own task."""
    from yolozu.artifacts.predictions import read_predictions
    from yolozu.evaluation.boxes.coco import evaluate_coco
    from yolozu.evaluation.known_images import known_images

    most = spec.predict.max_images
    predictions = read_predictions(inputs.predictions, known=known_images(index, max_images=most), passed=True)
    return evaluate_coco(index, predictions, max_images=most).metrics["map50_95"] if index.labeled else None


def _report(
    name: str, earlier: Sequence[EarlierTask], measured: Sequence[dict[str, Any] | None], own: float | None
) -> ForgettingReport:
    """The report of the run called ``name``; ``measured`` is what each earlier run found after its own task."""
    from datetime import UTC, datetime

    from yolozu.evaluation.forgetting import averages
    from yolozu.evaluation.forgetting.found import SURE_SCORE
    from yolozu.evaluation.forgetting.report import ForgettingReport

    tasks = [*(task.task for task in earlier), name]
    rows = [
        _row(place, tasks, task.before.map50_95, after)
        for place, (task, after) in enumerate(zip(earlier, measured, strict=True))
    ]
    matrix = [*rows, [*(task.after.map50_95 for task in earlier), own]]
    return ForgettingReport(
        timestamp=datetime.now(UTC).isoformat(timespec="seconds"),
        tasks=tasks,
        matrix=[list(row) for row in matrix],
        average=averages.average(matrix),
        forgetting=averages.forgetting(matrix),
        backward_transfer=averages.backward_transfer(matrix),
        score_threshold=SURE_SCORE,
        earlier=list(earlier),
    )


def _row(place: int, tasks: Sequence[str], own: float | None, after: dict[str, Any] | None) -> Row:
    """What was measured after the task at ``place``; of tasks before it, what its own report says."""
    known = after is not None and after["tasks"] == tasks[: place + 1]
    before = after["row"][:place] if after is not None and known else [None] * place
    return [*before, own, *[None] * (len(tasks) - place - 1)]


STAGE = Stage(
    name="forgetting",
    version=1,
    spec=ForgettingSpec,
    inputs=ForgettingInputs,
    outputs=ForgettingOutputs,
    run=run,
    title="measure what was forgotten",
)
