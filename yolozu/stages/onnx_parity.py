"""Hold the exported file against its checkpoint: the gate before anything is predicted with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolozu.contract.sections.export import ParitySection
from yolozu.errors import GateFailed
from yolozu.progress import StoppableProgress
from yolozu.stages.base import Stage, StageContext, StageSpec, gives, needs


class ParitySpec(StageSpec):
    """How close is close enough."""

    parity: ParitySection


@dataclass(frozen=True)
class ParityInputs:
    """The two networks, and images to compare them on."""

    checkpoint: Path = needs("train.best")
    onnx: Path = needs("export_onnx.onnx")
    images: Path = needs("prepare_data.val")


@dataclass(frozen=True)
class ParityOutputs:
    """What was found."""

    report: Path = gives("reports/onnx_parity.json")


def run(spec: ParitySpec, inputs: ParityInputs, outputs: ParityOutputs, context: StageContext) -> dict[str, Any]:
    """Compare. Returns whether it passed, and the largest differences.

    Raises:
        GateFailed: YZ605 a difference is out of tolerance and `parity_policy` is fail; the report is written before.
    """
    from yolozu.artifacts.parity_report import Thresholds, write_parity_report
    from yolozu.data.index import DataIndex
    from yolozu.export.parity import check_parity

    report = check_parity(
        inputs.checkpoint,
        inputs.onnx,
        DataIndex.read(inputs.images, context.moved),
        thresholds=Thresholds(
            score_atol=spec.parity.parity_score_atol,
            bbox_atol=spec.parity.parity_bbox_atol,
            rot_deg=spec.parity.parity_rot_deg,
            t_mm=spec.parity.parity_t_mm,
        ),
        policy=spec.parity.parity_policy,
        images=spec.parity.parity_images,
        progress=StoppableProgress(context.progress, context.stopping, "onnx_parity"),
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
    return {
        "passed": report.passed,
        "images": len(report.inputs.images),
        **{f"{name}_max": differences.max for name, differences in report.outputs.items()},
        **({} if report.matched.rot_deg_max is None else {"rot_deg_max": report.matched.rot_deg_max}),
        **({} if report.matched.t_mm_max is None else {"t_mm_max": report.matched.t_mm_max}),
    }


STAGE = Stage(
    name="onnx_parity",
    version=2,
    spec=ParitySpec,
    inputs=ParityInputs,
    outputs=ParityOutputs,
    run=run,
    title="compare ONNX with the checkpoint",
)
