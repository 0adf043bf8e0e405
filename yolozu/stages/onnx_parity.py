"""Hold the exported file against its checkpoint: the gate before anything is predicted with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.contract.sections.export import ParitySection
from yolozu.errors import Finding, GateFailed
from yolozu.progress import StoppableProgress
from yolozu.stages.base import Stage, StageContext, StageSpec, gives, needs

if TYPE_CHECKING:
    from yolozu.artifacts.parity_report import ComparedProcessing, ParityReport
    from yolozu.data.index import DataIndex
    from yolozu.progress import Progress


class ParitySpec(StageSpec):
    """How close is close enough."""

    parity: ParitySection


@dataclass(frozen=True)
class ParityInputs:
    """The two networks, images to compare them on, and the file with processing inside where it is asked for."""

    checkpoint: Path = needs("train.best")
    onnx: Path = needs("export_onnx.onnx")
    images: Path = needs("prepare_data.val")
    with_processing: Path | None = needs("export_onnx.with_processing", optional=True)


@dataclass(frozen=True)
class ParityOutputs:
    """What was found."""

    report: Path = gives("reports/onnx_parity.json")


def run(spec: ParitySpec, inputs: ParityInputs, outputs: ParityOutputs, context: StageContext) -> dict[str, Any]:
    """Compare. Returns whether it passed, and the largest differences.

    Raises:
        GateFailed: YZ605, or YZ654 of the file with processing inside: a difference is out of tolerance and
            `parity_policy` is fail; the report is written before.
    """
    from yolozu.artifacts.parity_report import Thresholds, write_parity_report
    from yolozu.data.index import DataIndex
    from yolozu.export.parity import check_parity

    index = DataIndex.read(inputs.images, context.moved)
    progress = StoppableProgress(context.progress, context.stopping, "onnx_parity")
    report = check_parity(
        inputs.checkpoint,
        inputs.onnx,
        index,
        thresholds=Thresholds(
            score_atol=spec.parity.parity_score_atol,
            bbox_atol=spec.parity.parity_bbox_atol,
            rot_deg=spec.parity.parity_rot_deg,
            t_mm=spec.parity.parity_t_mm,
        ),
        policy=spec.parity.parity_policy,
        images=spec.parity.parity_images,
        progress=progress,
    )
    write_parity_report(outputs.report, report)
    if not report.passed and report.policy == "fail":
        raise GateFailed.one(
            "YZ605",
            where="reports/onnx_parity.json",
            problem=f"the exported file does not compute what the checkpoint computes: {report.reason}",
            fix="try another onnx_opset; if the numbers are near the tolerance, raise it (parity_score_atol, "
            "parity_bbox_atol, parity_rot_deg, parity_t_mm); or set parity_policy: warn",
        )
    context.progress.say(f"parity: {'' if report.passed else 'warning: '}{report.reason}")
    if inputs.with_processing is not None and report.passed:
        found = _processing(inputs.with_processing, inputs.onnx, index, report, progress)
        report = report.model_copy(update={"passed": found.passed, "processing": found})
        if not found.passed:
            report = report.model_copy(update={"reason": f"with processing inside: {found.reason}"})
        write_parity_report(outputs.report, report)
        if not found.passed and report.policy == "fail":
            raise GateFailed([_other_detections(found)])
        context.progress.say(f"parity: {'' if found.passed else 'warning: '}with processing inside: {found.reason}")
    return {
        "passed": report.passed,
        "images": len(report.inputs.images),
        **{f"{name}_max": differences.max for name, differences in report.outputs.items()},
        **({} if report.matched.rot_deg_max is None else {"rot_deg_max": report.matched.rot_deg_max}),
        **({} if report.matched.t_mm_max is None else {"t_mm_max": report.matched.t_mm_max}),
    }


def _processing(
    path: Path, onnx_path: Path, index: DataIndex, report: ParityReport, progress: Progress
) -> ComparedProcessing:
    """The file with processing inside, on the images of ``report``, beside what yolozu predicts."""
    from yolozu.export.processing_parity import compare_processing, stand_in_cameras
    from yolozu.model.onnx_network import OnnxNetwork
    from yolozu.predict.adapters.base import AdapterRequest
    from yolozu.predict.adapters.opening import open_adapter
    from yolozu.system import compute_threads

    metadata = OnnxNetwork(onnx_path, threads=1).metadata
    records = list(index.records[: len(report.inputs.images)])
    if metadata.has_pose:
        records = stand_in_cameras(records)
    request = AdapterRequest(classes=index.classes, progress=progress, onnx=onnx_path, batch_size=1)
    return compare_processing(
        path,
        metadata,
        records,
        open_adapter("onnxruntime", request).predict(records),
        thresholds=report.thresholds,
        threads=compute_threads(),
        progress=progress,
    )


def _other_detections(found: ComparedProcessing) -> Finding:
    return Finding(
        "YZ654",
        "reports/onnx_parity.json: processing",
        f"model.with_processing.onnx finds something else than yolozu predicts with model.onnx: {found.reason}",
        "export the model again; if the numbers are near the tolerance, raise it (parity_score_atol, "
        "parity_bbox_atol, parity_rot_deg, parity_t_mm); or set parity_policy: warn",
    )


STAGE = Stage(
    name="onnx_parity",
    version=2,
    spec=ParitySpec,
    inputs=ParityInputs,
    outputs=ParityOutputs,
    run=run,
    title="compare ONNX with the checkpoint",
)
